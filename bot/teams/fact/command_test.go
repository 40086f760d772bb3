package fact

import (
	"slices"
	"testing"

	"parley/bot/teams/connector"
	"parley/bot/verb"
	"parley/bridge"
)

// decodeCommand decodes a command that only its author sees, in which Ben can be mentioned.
func decodeCommand(text string) bridge.Action {
	ben := &connector.ChannelAccount{ID: "29:ben", Name: "Ben Kim", AADObjectID: "ben"}
	return Payload{Me: "28:bot"}.decodeCommand(&connector.Activity{From: &connector.ChannelAccount{ID: "29:ann"}, Content: connector.Content{
		Text: text, Entities: []connector.Entity{{Type: connector.EntityMention, Text: "<at>Ben Kim</at>", Mentioned: ben}}}})[0]
}

// What only its author sees says nothing to customers, so that no command is offered there that does.
func TestOfferedCommandsAreAccepted(t *testing.T) {
	t.Parallel()
	for _, word := range verb.OfferedInThread() {
		if a := decodeCommand(word + " x"); a.Args.Note == noRelay {
			t.Errorf("/%s is offered, and refused with %q", word, a.Args.Note)
		}
	}
}

// A colleague who is mentioned in a command is named in its text, as in a message, and the engine learns of the mention.
func TestMentionInACommand(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bridge.Action{
		"new ann@example.org Hi, <at>Ben Kim</at> is ill": {Verb: bridge.VerbNew, Text: "Hi, @Ben Kim is ill"},
		"#12 note <at>Ben Kim</at> look":                  {Verb: bridge.VerbNote, Text: "@Ben Kim look"},
		"#12 resolve <at>Ben Kim</at> did it":             {Verb: bridge.VerbResolve, Args: bridge.Args{Note: "@Ben Kim did it"}},
	} {
		a := decodeCommand(text)
		if a.Verb != want.Verb || a.Text != want.Text || a.Args.Note != want.Args.Note {
			t.Errorf("%q: got %s %q with the note %q, want %s %q with %q", text, a.Verb, a.Text, a.Args.Note, want.Verb, want.Text, want.Args.Note)
		}
		if !slices.Equal(a.Mentions, []string{"ben"}) {
			t.Errorf("%q: got the mentions %v, want Ben", text, a.Mentions)
		}
	}
}

// A typed text with which a conversation begins keeps its paragraphs and the addresses of its links, as a reply does.
func TestFirstWordsKeepTheirFormatting(t *testing.T) {
	t.Parallel()
	a := saidHTML(t, `<p>!new ann@example.org Hello</p><p>&nbsp;</p><p>see <a href="https://x.test">here</a></p>`)
	if want := "Hello\n\nsee [here](<https://x.test>)"; a.Verb != bridge.VerbNew || a.Text != want {
		t.Errorf("got %s %q, want %s %q", a.Verb, a.Text, bridge.VerbNew, want)
	}
}
