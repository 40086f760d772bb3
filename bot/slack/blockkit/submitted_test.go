package blockkit

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"parley/bot/verb"
	"parley/bot/view"
	"parley/bridge"
)

// Slack drops an answer to a menu that is too long without a word, so that options are left out until it is short enough.
func TestAnswersStayShort(t *testing.T) {
	t.Parallel()
	const maxBytes = 20000
	var options []view.Option
	for i := range 200 {
		options = append(options, view.Option{Value: fmt.Sprintf("%03d%s", i, strings.Repeat("v", 140)), Label: strings.Repeat("l", 75)})
	}
	r := fitOptions(optionObjects(options), maxBytes)
	raw, err := json.Marshal(r)
	must(t, err)
	if n := len(raw); n >= maxBytes {
		t.Errorf("got an answer of %d bytes, want less than %d", n, maxBytes)
	}
	if len(r.Options) < 30 {
		t.Errorf("got %d options, want as many as fit: at least 30", len(r.Options))
	}
	if r := fitOptions(optionObjects(options[:3]), maxBytes); len(r.Options) != 3 {
		t.Errorf("got %d options, want all 3", len(r.Options))
	}
}

// What comes back from a menu is read like a button's value.
func TestMenu(t *testing.T) {
	t.Parallel()
	c := Control{Selected: &option{Value: optionValue(view.Button{Verb: bridge.VerbTake, Value: verb.Value(bridge.Args{Conversation: 12})})}}
	click, err := c.ReadClick()
	must(t, err)
	if click.Verb != bridge.VerbTake || click.Args.Conversation != 12 {
		t.Errorf("read as %s about conversation %d, want %s about 12", click.Verb, click.Args.Conversation, bridge.VerbTake)
	}
	if click.Opens != view.OpensNothing {
		t.Errorf("opens %q, want nothing", click.Opens)
	}
	for _, bad := range []string{"", "take", "take|", "say||", "take||{}{}"} {
		if got, err := (Control{Selected: &option{Value: bad}}).ReadClick(); err == nil {
			t.Errorf("%q is read as %+v, want an error", bad, got)
		}
	}
}
