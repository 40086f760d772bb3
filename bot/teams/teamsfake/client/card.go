package client

import (
	"encoding/json"
	"fmt"
	"strings"
)

// CardFaults reports what Teams' clients would not show, or not as meant, of an Adaptive Card in
// a message. known tells whether somebody who is mentioned is in the conversation; nil means
// that this is not looked up. The id is a 29: id, an Entra object id or a user principal name.
func CardFaults(card json.RawMessage, known func(id string) bool) []string {
	return (&cardCheck{known: known}).all(card)
}

// DialogFaults is CardFaults for a card in a dialog.
func DialogFaults(card json.RawMessage, known func(id string) bool) []string {
	return (&cardCheck{known: known, dialog: true}).all(card)
}

// cardCheck walks one card.
type cardCheck struct {
	known  func(id string) bool // nil means people are not looked up
	dialog bool
	ids    map[string]bool
	texts  []string // where a mention may stand
	faults []string
}

func (c *cardCheck) fault(text string, args ...any) {
	c.faults = append(c.faults, fmt.Sprintf("card: "+text, args...))
}

func (c *cardCheck) all(raw json.RawMessage) []string {
	var card object
	if err := json.Unmarshal(raw, &card); err != nil || card["type"] != "AdaptiveCard" {
		return []string{"not an Adaptive Card"}
	}
	c.ids = map[string]bool{}
	if card["version"] == nil {
		c.fault("has no version")
	}
	c.object(card, "AdaptiveCard")
	c.mentions(card)
	return c.faults
}

// list returns the objects of a list.
func list(v any) []object {
	var out []object
	all, _ := v.([]any)
	for _, x := range all {
		if o, ok := x.(object); ok {
			out = append(out, o)
		}
	}
	return out
}

// rules are what the schema does not say.
func (c *cardCheck) rules(o object, kind string) {
	if id, ok := o["id"].(string); ok && kind[0] != '(' {
		if c.ids[id] {
			c.fault("id %q is used twice", id)
		}
		c.ids[id] = true
	}
	switch kind {
	case "AdaptiveCard":
		if o["body"] == nil && o["actions"] == nil {
			c.fault("is empty")
		}
		c.row(o["actions"], "actions")
	case "ActionSet":
		c.row(o["actions"], "ActionSet.actions")
	case "TextBlock":
		c.text(o["text"])
	case "Fact":
		c.text(o["title"])
		c.text(o["value"])
	case "Image":
		c.picture(o["url"])
	case "RichTextBlock":
		if all, _ := o["inlines"].([]any); len(all) == 0 {
			c.fault("RichTextBlock has no inlines")
		}
	case "Refresh":
		c.refresh(o)
	}
	if whole, ok := o["selectAction"].(object); ok {
		c.older(whole)
	}
	switch {
	case strings.HasPrefix(kind, "Input.") && kind != "Input.Choice":
		c.input(o, kind)
	case strings.HasPrefix(kind, "Action."):
		c.action(o, kind)
	}
}

// text notes where a mention may stand. In a TextRun it may not.
func (c *cardCheck) text(v any) {
	text, _ := v.(string)
	c.texts = append(c.texts, text)
}

func (c *cardCheck) picture(v any) {
	address, _ := v.(string)
	if !strings.HasPrefix(address, "https://") && !strings.HasPrefix(address, "data:image/") {
		c.fault("picture %q is neither https nor a data URI", address)
	}
}

func (c *cardCheck) input(o object, kind string) {
	if o["isRequired"] == true && o["label"] == nil {
		c.fault("%s %v is required and has no label", kind, o["id"])
	}
	if kind != "Input.ChoiceSet" {
		return
	}
	choices := list(o["choices"])
	if len(choices) == 0 && o["choices.data"] == nil {
		c.fault("Input.ChoiceSet %v without choices", o["id"])
	}
	seen := map[any]bool{}
	for _, x := range choices {
		if seen[x["value"]] {
			c.fault("choice %q of %v is there twice", x["value"], o["id"])
		}
		seen[x["value"]] = true
	}
}
