package teamsfake

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Teams' clients silently drop or misrender parts of a card that they don't support. This file of the Teams emulator
// finds such faults in the bot's cards, so that tests fail: an id that is used twice, a required input without a label, a
// picture that isn't https. File shape.go lists which properties each element may have.

// CardFaults returns the faults of an Adaptive Card in a message. known reports whether a mentioned person is in the
// conversation, by Teams id ("29:…"), Entra object id or user principal name. If it is nil, mentioned people aren't
// checked.
func CardFaults(card json.RawMessage, known func(id string) bool) []string {
	return (&cardCheck{known: known}).findFaults(card)
}

// DialogFaults is CardFaults for a card in a dialog.
func DialogFaults(card json.RawMessage, known func(id string) bool) []string {
	return (&cardCheck{known: known, dialog: true}).findFaults(card)
}

// cardCheck checks one card.
type cardCheck struct {
	known  func(id string) bool // nil means that mentioned people aren't checked
	dialog bool
	ids    map[string]bool
	texts  []string // texts that may have mentions
	faults []string
}

func (c *cardCheck) addFault(text string, args ...any) {
	c.faults = append(c.faults, fmt.Sprintf("card: "+text, args...))
}

// findFaults checks a whole card.
func (c *cardCheck) findFaults(raw json.RawMessage) []string {
	var card object
	err := json.Unmarshal(raw, &card)
	if err != nil || card["type"] != "AdaptiveCard" {
		return []string{"not an Adaptive Card"}
	}
	c.ids = map[string]bool{}
	if card["version"] == nil {
		c.addFault("has no version")
	}
	c.checkObject(card, "AdaptiveCard")
	c.checkMentions(card)
	return c.faults
}

// list returns the objects in a JSON array; nil if v isn't an array.
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

// checkRules checks rules that the schema doesn't express. kind is the type of o, such as "TextBlock".
func (c *cardCheck) checkRules(o object, kind string) {
	id, hasID := o["id"].(string)
	isElement := kind[0] != '(' // kinds in brackets are properties without a type
	if hasID && isElement {
		if c.ids[id] {
			c.addFault("id %q is used twice", id)
		}
		c.ids[id] = true
	}

	switch kind {
	case "AdaptiveCard":
		if o["body"] == nil && o["actions"] == nil {
			c.addFault("is empty")
		}
		c.checkRow(o["actions"], "actions")
	case "ActionSet":
		c.checkRow(o["actions"], "ActionSet.actions")
	case "TextBlock":
		c.noteText(o["text"])
	case "Fact":
		c.noteText(o["title"])
		c.noteText(o["value"])
	case "Image":
		c.checkPicture(o["url"])
	case "RichTextBlock":
		if all, _ := o["inlines"].([]any); len(all) == 0 {
			c.addFault("RichTextBlock has no inlines")
		}
	}

	if whole, ok := o["selectAction"].(object); ok {
		c.checkFallback(whole)
	}

	switch {
	case strings.HasPrefix(kind, "Input.") && kind != "Input.Choice":
		c.checkInputElement(o, kind)
	case strings.HasPrefix(kind, "Action."):
		c.checkAction(o, kind)
	}
}

// noteText records a text that may have mentions. It isn't called for a TextRun, in which mentions don't work.
func (c *cardCheck) noteText(v any) {
	text, _ := v.(string)
	c.texts = append(c.texts, text)
}

func (c *cardCheck) checkPicture(v any) {
	address, _ := v.(string)
	if !strings.HasPrefix(address, "https://") && !strings.HasPrefix(address, "data:image/") {
		c.addFault("picture %q is neither https nor a data URI", address)
	}
}

func (c *cardCheck) checkInputElement(o object, kind string) {
	if o["isRequired"] == true && o["label"] == nil {
		c.addFault("%s %v is required and has no label", kind, o["id"])
	}
	if kind != "Input.ChoiceSet" {
		return
	}

	choices := list(o["choices"])
	if len(choices) == 0 && o["choices.data"] == nil {
		c.addFault("Input.ChoiceSet %v without choices", o["id"])
	}

	seen := map[any]bool{}
	for _, choice := range choices {
		value := choice["value"]
		if seen[value] {
			c.addFault("choice %q of %v is there twice", value, o["id"])
		}
		seen[value] = true
	}
}
