package card

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"parley/bot/teams/teamsfake"
)

// checkMessageCard checks a card of ours for a message: that the published schema has all of it, that Teams
// shows it (as teamsfake knows), and what we promise ourselves beyond that. It fits, nothing in
// it is empty, a line is a line, each mention stands in the text once, and each button comes back
// as itself.
func checkMessageCard(t testing.TB, card json.RawMessage) {
	t.Helper()
	checkCard(t, card, teamsfake.CardFaults(card, nil))
}

// checkDialogCard does so for a card in a dialog.
func checkDialogCard(t testing.TB, card json.RawMessage) {
	t.Helper()
	checkCard(t, card, teamsfake.DialogFaults(card, nil))
}

func checkCard(t testing.TB, card json.RawMessage, faults []string) {
	t.Helper()
	for _, f := range faults {
		t.Errorf("Teams: %s", f)
	}
	if err := schemaFault(t, card); err != nil {
		t.Errorf("Adaptive Cards 1.5: %v", err)
	}
	checkSize(t, string(card), 80<<10)
	var root map[string]any
	if err := json.Unmarshal(card, &root); err != nil {
		t.Fatalf("%v: %.200s", err, card)
	}
	c := checker{t: t, nonces: map[string]bool{}}
	c.object(root)
	teams, _ := root["msteams"].(map[string]any)
	list, _ := teams["entities"].([]any)
	for _, e := range list {
		text, _ := e.(map[string]any)["text"].(string)
		if n := strings.Count(c.text.String(), text); n != 1 {
			t.Errorf("the mention %q stands %d times in %.300q, want once", text, n, c.text.String())
		}
	}
}

// checker looks at all parts of a card.
type checker struct {
	t      testing.TB
	nonces map[string]bool
	text   strings.Builder // of TextBlocks
}

func (c *checker) object(o map[string]any) {
	c.t.Helper()
	kind, _ := o["type"].(string)
	for name, v := range o {
		if name == "data" {
			c.data(kind, v)
			continue
		}
		c.property(kind, name, v)
	}
	if strings.HasPrefix(kind, "Input.") && o["label"] == nil {
		c.t.Errorf("%s has no label", kind)
	}
	if kind == "TextBlock" {
		s, _ := o["text"].(string)
		c.text.WriteString(s + "\n")
	}
}

func (c *checker) property(kind, name string, v any) {
	c.t.Helper()
	switch v := v.(type) {
	case nil:
		c.t.Errorf("%s: %s is null", kind, name)
	case string:
		if v == "" && name != "value" { // a choice may stand for nothing chosen
			c.t.Errorf("%s: %s is empty", kind, name)
		}
		typed := slices.Contains([]string{"value", "placeholder"}, name) && kind == "Input.Text"
		if strings.ContainsAny(v, "\n\r") && !typed {
			c.t.Errorf("%s: %s has line breaks: %q", kind, name, v)
		}
	case []any:
		if len(v) == 0 {
			c.t.Errorf("%s: %s is empty", kind, name)
		}
		for _, e := range v {
			c.property(kind, name, e)
		}
	case map[string]any:
		c.object(v)
	}
}

// data is what a button sends back: we read it, and can tell it from that of any other button of its kind.
func (c *checker) data(kind string, v any) {
	c.t.Helper()
	raw := encode(v)
	got, err := Read(raw)
	switch {
	case err != nil:
		c.t.Errorf("the data %s of a button can't be read: %v", raw, err)
	case got.Click == nil:
	case c.nonces[kind+got.Click.Nonce]:
		c.t.Errorf("two buttons have the nonce %q", got.Click.Nonce)
	default:
		c.nonces[kind+got.Click.Nonce] = true
	}
}
