package fact

import (
	"testing"

	"parley/bot/teams/connector"
	"parley/bridge"
)

// A text that is edited into a promotional reply stays promotional: it may not reach everybody.
func TestEditIntoAPromotionalReply(t *testing.T) {
	t.Parallel()
	activity := &connector.Activity{From: &connector.ChannelAccount{ID: "29:ann"}, Content: connector.Content{Text: "!promo 10 % off"}}
	at := bridge.Place{Channel: "c", Thread: "1", Message: "1700000000002"}
	edit := Payload{Me: "28:bot"}.readEdit(at, activity)
	if edit.Verb != bridge.VerbEdit {
		t.Errorf("verb: got %s, want %s", edit.Verb, bridge.VerbEdit)
	}
	if want := "10 % off"; edit.Text != want {
		t.Errorf("text: got %q, want %q", edit.Text, want)
	}
	if !edit.Args.Promotional {
		t.Error("the edit isn't promotional, want it to be")
	}
}
