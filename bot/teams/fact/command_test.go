package fact

import (
	"slices"
	"testing"

	"parley/bot/teams/connector"
	"parley/bot/verb"
	"parley/bridge"
)

// decodeCommand decodes a command that only its author sees, in which Ben can be mentioned.
func decodeCommand(t *testing.T, text string) bridge.Action {
	t.Helper()
	ben := &connector.ChannelAccount{ID: "29:ben", Name: "Ben Kim", AADObjectID: "ben"}
	actions := Payload{Me: "28:bot"}.decodeCommand(&connector.Activity{
		From: &connector.ChannelAccount{ID: "29:ann"},
		Content: connector.Content{
			Text:     text,
			Entities: []connector.Entity{{Type: connector.EntityMention, Text: "<at>Ben Kim</at>", Mentioned: ben}},
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

// A command that only its author sees keeps the addresses of the links in its text.
func TestLinkInACommand(t *testing.T) {
	t.Parallel()
	typed := `<p>/new ann@example.org Please pay <a href="https://x.test">here</a></p>`
	a := Payload{Me: "28:bot"}.decodeCommand(htmlActivity(t, typed))[0]
	if want := "Please pay [here](<https://x.test>)"; a.Verb != bridge.VerbNew || a.Text != want {
		t.Errorf("got the verb %s and the text %q, want %s and %q", a.Verb, a.Text, bridge.VerbNew, want)
	}
}

// A typed text with which a conversation begins keeps its paragraphs and the addresses of its links, as a reply does.
func TestFirstWordsKeepTheirFormatting(t *testing.T) {
	t.Parallel()
	a := saidHTML(t, `<p>!new ann@example.org Hello</p><p>&nbsp;</p><p>see <a href="https://x.test">here</a></p>`)
	if a.Verb != bridge.VerbNew {
		t.Errorf("got the verb %s, want %s", a.Verb, bridge.VerbNew)
	}
	if want := "Hello\n\nsee [here](<https://x.test>)"; a.Text != want {
		t.Errorf("got the text %q, want %q", a.Text, want)
	}
}

// A picture or a file beside a command in a personal chat isn't dropped silently. With "new" it is passed on to the engine,
// which begins no conversation with a file. A note with a file is refused here.
func TestFileBesideACommand(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]connector.Attachment{
		"a picture": {ContentType: "image/*", ContentURL: "https://smba.trafficmanager.net/emea/v3/attachments/1"},
		"a file":    {ContentType: connector.ContentFile, Name: "plan.pdf"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			decode := func(text string) bridge.Action {
				a := connector.Activity{ID: "1700000000000"}
				a.Conversation = &connector.ConversationAccount{ID: "a:1", ConversationType: connector.ConversationPersonal}
				a.Text, a.Attachments = text, []connector.Attachment{file}
				return Payload{Me: "28:bot"}.decodeCommand(&a)[0]
			}
			if a := decode("new ann@example.org The plan is attached"); a.Verb != bridge.VerbNew || len(a.Files) != 1 {
				t.Errorf("got the verb %s with %d files, want %s with one", a.Verb, len(a.Files), bridge.VerbNew)
			}
			if a := decode("#12 note see the plan"); a.Verb != bridge.VerbUnknown || a.Args.Note != noFiles {
				t.Errorf("got the verb %s: %q, want that the note is refused with %q", a.Verb, a.Args.Note, noFiles)
			}
		})
	}
}
