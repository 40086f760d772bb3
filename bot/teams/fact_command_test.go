package teams

import (
	"slices"
	"testing"

	"parley/bot/verb"
	"parley/bridge"
)

// decodeCommand decodes a command that only its author sees, in which Ben can be mentioned.
func decodeCommand(t *testing.T, text string) bridge.Action {
	t.Helper()
	ben := &ChannelAccount{ID: "29:ben", Name: "Ben Kim", AADObjectID: "ben"}
	actions := Payload{Me: "28:bot"}.decodeCommand(&Activity{
		From: &ChannelAccount{ID: "29:ann"},
		Content: Content{
			Text:     text,
			Entities: []Entity{{Type: EntityMention, Text: "<at>Ben Kim</at>", Mentioned: ben}},
		},
	})
	if len(actions) == 0 {
		t.Fatalf("%q isn't an action, want a command", text)
	}
	return actions[0]
}

// A command that only its author sees must not send anything to customers, so Parley offers none that does.
func TestOfferedCommandsAreAccepted(t *testing.T) {
	t.Parallel()
	for _, word := range verb.OfferedInThread() {
		if a := decodeCommand(t, word+" x"); a.Args.Note == noRelay {
			t.Errorf("/%s is offered, and refused with %q", word, a.Args.Note)
		}
	}
}

// A colleague who is mentioned in a command is named in its text, as in a message, and the engine learns of the mention.
func TestMentionInACommand(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		typed    string
		verb     bridge.Verb
		wantText string
		wantNote string
	}{
		{typed: "new ann@example.org Hi, <at>Ben Kim</at> is ill", verb: bridge.VerbNew, wantText: "Hi, @Ben Kim is ill"},
		{typed: "#12 note <at>Ben Kim</at> look", verb: bridge.VerbNote, wantText: "@Ben Kim look"},
		{typed: "#12 resolve <at>Ben Kim</at> did it", verb: bridge.VerbResolve, wantNote: "@Ben Kim did it"},
	} {
		t.Run(string(tt.verb), func(t *testing.T) {
			t.Parallel()
			a := decodeCommand(t, tt.typed)
			if a.Verb != tt.verb {
				t.Errorf("got the verb %s, want %s", a.Verb, tt.verb)
			}
			if a.Text != tt.wantText {
				t.Errorf("got the text %q, want %q", a.Text, tt.wantText)
			}
			if a.Args.Note != tt.wantNote {
				t.Errorf("got the note %q, want %q", a.Args.Note, tt.wantNote)
			}
			if want := []string{"ben"}; !slices.Equal(a.Mentions, want) {
				t.Errorf("got the mentions %q, want %q", a.Mentions, want)
			}
		})
	}
}
