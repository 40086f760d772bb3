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

// longOptions are options of a menu with values and labels as long as Slack takes them.
func longOptions(number int) (options []view.Option) {
	for i := range number {
		options = append(options, view.Option{Value: fmt.Sprintf("%03d%s", i, strings.Repeat("v", 140)), Label: strings.Repeat("l", 75)})
	}
	return options
}

// maxTestAnswerBytes is how long an answer to a menu may be in these tests.
const maxTestAnswerBytes = 20000

// Slack silently drops an answer to a menu that is too long, so Parley leaves out options until the answer is short enough.
func TestOptionsThatDoNotFitAreLeftOut(t *testing.T) {
	t.Parallel()
	r := fitOptions(optionObjects(longOptions(200)), maxTestAnswerBytes)
	raw, err := json.Marshal(r)
	noError(t, err)
	if n := len(raw); n >= maxTestAnswerBytes {
		t.Errorf("got an answer of %d bytes, want less than %d", n, maxTestAnswerBytes)
	}
	if len(r.Options) < 30 {
		t.Errorf("got %d options, want as many as fit: at least 30", len(r.Options))
	}
}

func TestOptionsThatFitAreAllThere(t *testing.T) {
	t.Parallel()
	if r := fitOptions(optionObjects(longOptions(3)), maxTestAnswerBytes); len(r.Options) != 3 {
		t.Errorf("got %d options, want all 3", len(r.Options))
	}
}

// Slack may write the fields of a window without fields as an empty list.
func TestWindowWithoutFields(t *testing.T) {
	t.Parallel()
	var v View
	noError(t, json.Unmarshal([]byte(`{"id":"V1","state":{"values":[]},"callback_id":"form"}`), &v))
	if v.Callback != "form" || len(v.State.Values) != 0 {
		t.Errorf("got %+v, want the form without fields", v)
	}
}

// A choice from a menu is read like a button's value.
func TestReadClickOfAMenu(t *testing.T) {
	t.Parallel()
	button := view.Button{Verb: bridge.VerbTake, Value: verb.Value(bridge.Args{Conversation: 12})}
	click, err := Control{Selected: &option{Value: optionValue(button)}}.ReadClick()
	noError(t, err)
	if click.Verb != bridge.VerbTake {
		t.Errorf("got the verb %s, want %s", click.Verb, bridge.VerbTake)
	}
	if click.Args.Conversation != 12 {
		t.Errorf("got the conversation %d, want 12", click.Args.Conversation)
	}
	if click.Opens != view.OpensNothing {
		t.Errorf("the click opens %q, want nothing", click.Opens)
	}
}

func TestReadClickOfAnUnreadableMenu(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		value string
	}{
		{name: "nothing", value: ""},
		{name: "no arguments", value: "take"},
		{name: "one field less", value: "take|"},
		{name: "a verb that has no button", value: "say||"},
		{name: "arguments that are no JSON", value: "take||{}{}"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got, err := (Control{Selected: &option{Value: tt.value}}).ReadClick(); err == nil {
				t.Errorf("%q is read as %+v, want an error", tt.value, got)
			}
		})
	}
}

// A reply that was too long for the form's memory is read from its field. If it was changed to begin like a note or a
// command there, it is refused.
func TestTypedReplyOfThePickForm(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]struct{ text, problem string }{
		"On its way":           {text: "On its way"},
		"note: he is a friend": {problem: "This begins like a note"},
		"!resolve":             {problem: "This begins like a command"},
		"It left.\n!resolve":   {problem: "One of its lines begins like a command"},
		"It left.\n\\!resolve": {text: "It left.\n\\!resolve"},
		"It left.\nNote: noon": {text: "It left.\nNote: noon"},
	} {
		v := View{Private: encodeMemory(view.Memory{Verb: string(bridge.VerbReply), Pick: true})}
		v.State.Values = map[string]map[string]Input{
			fieldPrefix + verb.FieldConversation: {inputID: {Selected: &option{Value: "12"}}},
			fieldPrefix + typedField:             {inputID: {Value: typed}},
		}
		filled, errs := v.ReadFilled()
		if filled.Text != want.text || !strings.HasPrefix(errs[typedField], want.problem) {
			t.Errorf("%q is read as %q with the problems %v, want %q and %q", typed, filled.Text, errs, want.text, want.problem)
		}
	}
}

// If a note was typed into the form of !assign, it goes along when a name is pressed there.
func TestNoteOfAPressedName(t *testing.T) {
	t.Parallel()
	var v View
	v.State.Values = map[string]map[string]Input{fieldPrefix + verb.FieldNote: {inputID: {Value: " She knows this customer. "}}}
	pressed := bridge.Args{Conversation: 12, Agents: []string{"U0BEN"}}

	got := v.WithNote(pressed)
	if want := "She knows this customer."; got.Note != want || got.Conversation != 12 {
		t.Errorf("got %+v, want the note %q in it", got, want)
	}
	var message *View
	if got := message.WithNote(pressed); got.Note != "" {
		t.Errorf("in a message: got the note %q, want none", got.Note)
	}
}
