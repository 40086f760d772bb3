package card

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// keys are the properties that elements may have, by type.
// Source: schema 1.5.0 of Adaptive Cards (github.com/microsoft/AdaptiveCards, schemas/1.5.0).
func keys() map[string][]string {
	block := []string{"type", "id", "spacing"}
	in := append(slices.Clone(block), "label", "isRequired", "errorMessage", "placeholder", "value")
	act := []string{"type", "title", "style", "mode"}
	return map[string][]string{
		"AdaptiveCard":    {"type", "$schema", "version", "body", "actions", "msteams"},
		"TextBlock":       append(slices.Clone(block), "text", "wrap", "size", "isSubtle", "color", "weight"),
		"RichTextBlock":   append(slices.Clone(block), "inlines"),
		"TextRun":         {"type", "text", "size", "weight", "color", "fontType", "isSubtle", "italic", "strikethrough"},
		"Container":       append(slices.Clone(block), "style", "items"),
		"ColumnSet":       append(slices.Clone(block), "columns"),
		"Column":          append(slices.Clone(block), "width", "items", "verticalContentAlignment"),
		"ActionSet":       append(slices.Clone(block), "actions"),
		"Input.Text":      append(slices.Clone(in), "maxLength", "isMultiline"),
		"Input.ChoiceSet": append(slices.Clone(in), "choices", "style", "isMultiSelect", "wrap"),
		"Action.Execute":  append(slices.Clone(act), "verb", "data", "fallback"),
		"Action.Submit":   append(slices.Clone(act), "data"),
		"Action.ShowCard": append(slices.Clone(act), "card"),
		"(choice)":        {"title", "value"},
		"(msteams)":       {"width", "entities"},
	}
}

// enums are the values that properties may have.
func enums() map[string][]string {
	return map[string][]string{
		"spacing": {"None", "Small", "Medium"}, "size": {"Small"}, "weight": {"Bolder"}, "color": {"Attention"}, "fontType": {"Monospace"},
		"mode": {"secondary"}, "version": {"1.5"}, "verticalContentAlignment": {"Center"},
		"style": {"emphasis", "compact", "expanded", "filtered", "positive", "destructive"}, "width": {"Full", "stretch", "auto"},
	}
}

// required are the properties that elements must have, none of them empty.
func required() map[string][]string {
	return map[string][]string{
		"TextBlock": {"text"}, "RichTextBlock": {"inlines"}, "TextRun": {"text"}, "Container": {"items"}, "ColumnSet": {"columns"}, "Column": {"items"}, "ActionSet": {"actions"},
		"Input.Text": {"id", "label"}, "Input.ChoiceSet": {"id", "label", "choices"}, "Action.Execute": {"verb", "title", "data", "fallback"}, "Action.Submit": {"title", "data"},
		"Action.ShowCard": {"card", "title"}, "AdaptiveCard": {"version", "body"},
	}
}

// sound checks a card as Teams would: its size, known properties only, ids that are there
// once, six visible buttons, mentions that stand in the text.
func sound(t testing.TB, card json.RawMessage) {
	t.Helper()
	if n := wide(string(card)); n > 80<<10 {
		t.Errorf("%d bytes as UTF-16", n)
	}
	var root map[string]any
	if err := json.Unmarshal(card, &root); err != nil {
		t.Fatalf("%v: %.200s", err, card)
	}
	c := checker{keys: keys(), required: required(), enums: enums(), t: t, ids: map[string]bool{}, nonces: map[string]bool{}}
	c.object(root, "AdaptiveCard")
	teams, _ := root["msteams"].(map[string]any)
	list, _ := teams["entities"].([]any)
	for _, e := range list {
		text, _ := e.(map[string]any)["text"].(string)
		if n := strings.Count(c.text.String(), text); text == "" || n != 1 {
			t.Errorf("mention %q stands %d times in %.300q", text, n, c.text.String())
		}
	}
	if n := strings.Count(c.text.String(), "<at>"); n != len(list) {
		t.Errorf("%d mentions in the text, %d entities", n, len(list))
	}
}

type checker struct {
	keys, required, enums map[string][]string

	t      testing.TB
	ids    map[string]bool
	nonces map[string]bool
	text   strings.Builder // of TextBlocks
}

func (c *checker) object(o map[string]any, kind string) {
	c.t.Helper()
	if k, ok := o["type"].(string); ok {
		kind = k
	}
	allowed, known := c.keys[kind]
	if !known {
		c.t.Errorf("unknown type %q", kind)
		return
	}
	for _, name := range c.required[kind] {
		if list, ok := o[name].([]any); o[name] == nil || o[name] == "" || ok && len(list) == 0 {
			c.t.Errorf("%s without %s", kind, name)
		}
	}
	for name, v := range o {
		if !slices.Contains(allowed, name) {
			c.t.Errorf("%s has %s", kind, name)
		}
		if s, ok := v.(string); ok && c.enums[name] != nil && !slices.Contains(c.enums[name], s) {
			c.t.Errorf("%s has %s %q", kind, name, s)
		}
		c.property(kind, name, v)
	}
	if kind == "ActionSet" {
		c.actions(o["actions"])
	}
	if kind == "TextBlock" {
		s, _ := o["text"].(string)
		c.text.WriteString(s + "\n")
	}
}

func (c *checker) property(kind, name string, v any) {
	c.t.Helper()
	switch v := v.(type) {
	case string:
		if strings.ContainsAny(v, "\n\r") && (name != "value" && name != "placeholder" || kind == "Input.ChoiceSet") {
			c.t.Errorf("%s: %s has line breaks: %q", kind, name, v)
		}
		if name == "id" {
			if c.ids[v] {
				c.t.Errorf("id %q is there twice", v)
			}
			c.ids[v] = true
		}
	case []any:
		for _, e := range v {
			if o, ok := e.(map[string]any); ok && name != "entities" {
				c.object(o, "("+strings.TrimSuffix(name, "s")+")")
			}
		}
	case map[string]any:
		switch name {
		case "data":
			raw := encode(v)
			got, err := Read(raw)
			if err != nil {
				c.t.Errorf("data %s: %v", raw, err)
			} else if got.Click != nil && c.nonces[kind+got.Click.Nonce] {
				c.t.Errorf("nonce %q is there twice", got.Click.Nonce)
			} else if got.Click != nil {
				c.nonces[kind+got.Click.Nonce] = true
			}
		default:
			c.object(v, "("+name+")")
		}
	}
}

func (c *checker) actions(v any) {
	c.t.Helper()
	visible := 0
	list, _ := v.([]any)
	for _, a := range list {
		if o, _ := a.(map[string]any); o["mode"] != "secondary" {
			visible++
		}
	}
	if visible > visibleMost {
		c.t.Errorf("%d visible buttons", visible)
	}
}
