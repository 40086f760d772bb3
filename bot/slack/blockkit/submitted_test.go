package blockkit

import (
	"testing"

	"parley/bot/verb"
	"parley/bot/view"
	"parley/bridge"
)

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
