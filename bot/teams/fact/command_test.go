package fact

import (
	"slices"
	"testing"

	"parley/bot/teams/connector"
	"parley/bot/verb"
	"parley/bridge"
)

// What nobody else sees says nothing to customers: no command that does so is offered there.
func TestOfferedCommandsAreTaken(t *testing.T) {
	t.Parallel()
	for _, word := range verb.OfferedInThread() {
		a := Payload{Me: "28:bot"}.decodeCommand(&connector.Activity{Content: connector.Content{Text: word + " x"}, From: &connector.ChannelAccount{ID: "29:ann"}})
		if a[0].Args.Note == noRelay {
			t.Errorf("/%s is offered and refused", word)
		}
	}
}

// A colleague who is mentioned in a command is named in its texts, as in a typed one, and the engine learns of the mention.
func TestMentionInACommand(t *testing.T) {
	t.Parallel()
	ben := &connector.ChannelAccount{ID: "29:ben", Name: "Ben Kim", AADObjectID: "ben"}
	for text, want := range map[string]bridge.Action{
		"new ann@example.org Hi, <at>Ben Kim</at> is ill": {Verb: bridge.VerbNew, Text: "Hi, @Ben Kim is ill"},
		"#12 note <at>Ben Kim</at> look":                  {Verb: bridge.VerbNote, Text: "@Ben Kim look"},
		"#12 resolve <at>Ben Kim</at> did it":             {Verb: bridge.VerbResolve, Args: bridge.Args{Note: "@Ben Kim did it"}},
	} {
		a := Payload{Me: "28:bot"}.decodeCommand(&connector.Activity{From: &connector.ChannelAccount{ID: "29:ann"}, Content: connector.Content{Text: text,
			Entities: []connector.Entity{{Type: connector.EntityMention, Text: "<at>Ben Kim</at>", Mentioned: ben}}}})[0]
		if a.Verb != want.Verb || a.Text != want.Text || a.Args.Note != want.Args.Note || !slices.Equal(a.Mentions, []string{"ben"}) {
			t.Errorf("%q: %+v", text, a)
		}
	}
}

// A typed text with which a conversation begins keeps its paragraphs and the addresses of its links, as a reply does.
func TestFirstWordsKeepTheirFormatting(t *testing.T) {
	t.Parallel()
	a := &connector.Activity{From: &connector.ChannelAccount{ID: "29:ann"}}
	a.Attachments = []connector.Attachment{{ContentType: connector.ContentHTML,
		Content: []byte(`"<p>!new ann@example.org Hello</p><p>&nbsp;</p><p>see <a href=\"https://x.test\">here</a></p>"`)}}
	said := Payload{Me: "28:bot"}.Said(bridge.Place{Channel: "c", Message: "1700000000002"}, a)
	if want := "Hello\n\nsee [here](<https://x.test>)"; said.Verb != bridge.VerbNew || said.Text != want {
		t.Errorf("%s %q, want %q", said.Verb, said.Text, want)
	}
}
