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
	const most = 20000
	var options []view.Option
	for i := range 200 {
		options = append(options, view.Option{Value: fmt.Sprintf("%03d%s", i, strings.Repeat("v", 140)), Label: strings.Repeat("l", 75)})
	}
	r := fitOptions(optionObjects(options), most)
	raw, err := json.Marshal(r)
	must(t, err)
	if n := len(raw); n >= most || len(r.Options) < 30 {
		t.Errorf("%d bytes, %d options", n, len(r.Options))
	}
	if r := fitOptions(optionObjects(options[:3]), most); len(r.Options) != 3 {
		t.Errorf("%d options", len(r.Options))
	}
}

// What comes back from a menu is read like a button.
func TestMenu(t *testing.T) {
	t.Parallel()
	c := Control{Selected: &option{Value: optionValue(view.Button{Verb: bridge.VerbTake, Value: verb.Value(bridge.Args{Conversation: 12})})}}
	if click, err := c.ReadClick(); click.Verb != bridge.VerbTake || click.Opens != view.OpensNothing || click.Args.Conversation != 12 || err != nil {
		t.Errorf("%+v %v", click, err)
	}
	for _, bad := range []string{"", "take", "take|", "say||", "take||{}{}"} {
		if _, err := (Control{Selected: &option{Value: bad}}).ReadClick(); err == nil {
			t.Errorf("%q passed", bad)
		}
	}
}
