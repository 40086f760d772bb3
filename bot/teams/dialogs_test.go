package teams

import (
	"strings"
	"testing"

	"parley/bot/teams/teamsfake"
	"parley/bridge"
)

// A dialog stores the action that it asks for before it closes.
func TestDialogBecomesAnAction(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	w.press(w.ann, w.root, "Snooze")
	wantNoDialog(t, w.submit(teamsfake.Inputs{"t:other": "2h"}))
	a := w.waitAction(interactionFacts)
	wantEqual(t, "verb", a.Verb, bridge.VerbSnooze)
	wantEqual(t, "until", a.Args.Until, "2h")
	wantEqual(t, "channel", a.Place.Channel, w.channel)
	wantEqual(t, "actor", a.Actor.ID, ann)
	w.wantNoProblems()
}

// A dialog says what is wrong with it, keeps what was typed, stores nothing, and can be submitted again.
func TestDialogWithNonsenseIsRefused(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	w.press(w.ann, w.root, "Snooze")
	wantDialog(t, "a wrong time", w.submit(teamsfake.Inputs{"t:other": "when pigs fly"}), "when pigs fly", "⚠️")
	w.wantFacts(interactionFacts, 0)
	wantNoDialog(t, w.submit(teamsfake.Inputs{"t:other": "2h"}))
	wantEqual(t, "until", w.waitAction(interactionFacts).Args.Until, "2h")
	w.wantNoProblems()
}

// The desk is told once who opens the form of a reply, so that colleagues see who is writing.
// Requirement R-241: Colleagues see who writes.
func TestOpenedReplyFormIsTold(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	w.openReplyForm()
	told := w.desk.Replies()
	if len(told) != 1 {
		t.Fatalf("the desk was told %q, want one form", told)
	}
	if want := "opened #12 " + ann + " "; !strings.HasPrefix(told[0], want) {
		t.Errorf("the desk was told %q, want it to begin with %q", told[0], want)
	}
}

// openStartForm opens the form of a new conversation from the message box of the channel.
func (w *world) openStartForm() {
	w.t.Helper()
	out, err := w.ann.Compose(w.ctx(), w.channel, "", CommandNew)
	noError(w.t, err)
	wantDialog(w.t, "a new conversation", out, "t:recipient")
}

// If a conversation can't begin, the form says so at the field that is wrong, and keeps what was typed. It can be
// submitted again.
func TestNewConversationThatIsRefused(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	refuse := true
	w.desk.mayStart = func(bridge.Start) (bridge.Facts, error) {
		if refuse {
			return bridge.Facts{}, &bridge.Problem{Code: "bad", Text: "That isn't an address.", Field: "recipient"}
		}
		return bridge.Facts{}, nil
	}
	w.openStartForm()
	in := teamsfake.Inputs{"t:recipient": "kim@example.org", "t:text": "Hello Kim"}
	wantDialog(t, "a wrong address", w.submit(in), "That isn't an address.", "Hello Kim")
	w.wantFacts(interactionFacts, 0)

	refuse = false
	wantNoDialog(t, w.submit(in))
	wantEqual(t, "verb", w.waitAction(interactionFacts).Verb, bridge.VerbNew)
	w.wantNoProblems()
}

// The search in the message box finds conversations that the asker may see. A result links to the thread, and its line
// in the list shows the channel's icon, not the name of that icon.
func TestFind(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		query string
		want  int // results
	}{
		{name: "nothing typed", query: "", want: 1},
		{name: "words", query: "printer KIM", want: 1},
		{name: "words that nothing has", query: "nonsense", want: 0},
		{name: "number", query: "#12", want: 1},
		{name: "number without its sign", query: "12", want: 1},
		{name: "number, and words of the same conversation", query: "0012", want: 1},
		{name: "words that are the number of what is closed", query: "4711", want: 1},
		{name: "number that nothing has", query: "#99", want: 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newThreadWorld(t)
			out, err := w.ann.Search(w.ctx(), w.channel, "", CommandFind, tt.query)
			noError(t, err)

			wantEqual(t, "error", out.Error, "")
			wantEqual(t, "results", len(out.Results), tt.want)
			for _, result := range out.Results {
				wantWords(t, string(result.Card), w.root)
				wantWords(t, string(result.Preview), "📧")
				wantNoWords(t, string(result.Preview), "_")
			}
			w.wantNoProblems()
		})
	}
}

func TestGuestFindsNothing(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	out, err := w.fake.As(eve).Search(w.ctx(), w.channel, "", CommandFind, "printer")
	noError(t, err)
	wantEqual(t, "results", len(out.Results), 0)
	w.wantNoProblems()
}

// Send isn't offered for a message that no teammate typed or that Parley didn't hear.
func TestSendFromMenuOfWhatNobodyTyped(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	card := w.choose(ann, w.root, "sendFromMessage")
	wantWords(t, card, "Parley has no text of a teammate here", "Reply to customer")
	wantNoWords(t, card, "Send this to")
}

func TestGuestCannotUndo(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	w.choose(eve, w.replyAsAnn("Too fast"), "undoFromMessage")
	w.wantFacts(interactionFacts, 0)
	w.wantNoProblems()
}
