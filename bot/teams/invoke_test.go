package teams

import (
	"strings"
	"testing"
	"time"

	"parley/bridge"
)

// postQuestion posts a line that asks Ann whether message 7 is to be sent, and returns its id.
func (w *world) postQuestion() (id string) {
	w.t.Helper()
	return w.postLine(w.root, bridge.Line{
		Content:  &bridge.AskLine{},
		Mentions: []bridge.AgentRef{{ID: 1, Name: "Ann Lee", User: ann}},
		Text:     "Hi",
		Verbs:    []bridge.Verb{bridge.VerbSend, bridge.VerbKeep},
		Args:     bridge.Args{Message: 7},
	})
}

func TestClickOfAGuestIsNotStored(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	_, err := w.fake.As(eve).Click(w.ctx(), w.channel, w.postQuestion(), "Send to customer", nil)
	noError(t, err)
	w.wantFacts(interactionFacts, 0)
	w.wantNoProblems()
}

// If the same click comes again within a few seconds, it counts as a repetition by Teams and not as a second click. The
// answer says so, in case a person did click. A later click counts, and may be repeated as well.
func TestClickThatComesAgain(t *testing.T) {
	t.Parallel()
	w := newClockedWorld(t)
	line := w.postQuestion()
	clicks := 0
	clickAfter := func(passed time.Duration, wantClicks int) {
		t.Helper()
		w.advance(passed)
		out := w.press(w.ann, line, "Send to customer")
		w.wantFacts(interactionFacts, wantClicks)
		wantEqual(t, "it is said that the click does nothing", strings.Contains(out.Message, "a moment ago"), wantClicks == clicks)
		clicks = wantClicks
	}

	clickAfter(0, 1)
	clickAfter(5*time.Second, 1)
	clickAfter(15*time.Second, 1)
	clickAfter(time.Minute, 2)
	clickAfter(5*time.Second, 2)
	clickAfter(time.Minute, 3)
}

// A reaction with the emoji of a verb becomes that verb.
func TestReactionThatStandsForAVerb(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	noError(t, w.ann.React(w.channel, w.root, "1f440_eyes"))
	a := w.waitAction(reactionFacts)
	wantEqual(t, "verb", a.Verb, bridge.VerbTake)
	wantEqual(t, "message", a.Place.Message, w.root)
	wantEqual(t, "actor", a.Actor.ID, ann)
	wantEqual(t, "origin", a.Origin, bridge.OriginEmoji)
}

// A text that somebody writes in their chat with Parley is a command.
func TestCommandInAPersonalChat(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	id, err := w.ann.Say("inbox")
	noError(t, err)
	a := w.waitAction(MessageID(w.fake.PersonalID(ann), id))
	wantEqual(t, "verb", a.Verb, bridge.VerbList)
	wantEqual(t, "list", a.Args.List, "mine")
	wantEqual(t, "origin", a.Origin, bridge.OriginSlash)
	wantEqual(t, "actor", a.Actor.ID, ann)
	wantEqual(t, "channel", a.Place.Channel, w.fake.PersonalID(ann))
}
