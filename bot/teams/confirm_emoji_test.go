package teams

import (
	"testing"

	"parley/bridge"
)

// takeBack is the emoji with which a person takes a reply back. It is also the mark that Parley puts on a reply that
// waits.
const takeBack = "231b_hourglassdone"

// newReplyWorld makes a world in which Ann has replied in the conversation's thread. Teams doesn't report emoji on what
// people type.
func newReplyWorld(t *testing.T) (w *world, reply bridge.Action) {
	t.Helper()
	w = newClockedWorld(t)
	return w, w.typeAsAnn("On our way")
}

// mustReact has somebody put an emoji on a reply.
func (w *world) mustReact(who string, reply bridge.Action, emoji string) {
	w.t.Helper()
	noError(w.t, w.fake.As(who).React(w.channel, reply.Place.Message, emoji))
}

// When Parley reads a reply again, it finds an emoji on it and stores it before the reply may leave.
func TestConfirmFindsAnEmoji(t *testing.T) {
	t.Parallel()
	w, reply := newReplyWorld(t)
	w.mustReact(ann, reply, takeBack)
	w.wantConfirmed("with an emoji", reply, bridge.Unchanged)
	w.wantFacts(reactionFacts, 1)
	a := w.waitAction(reactionFacts)
	wantEqual(t, "verb", a.Verb, bridge.VerbUndo)
	wantEqual(t, "origin", a.Origin, bridge.OriginFoundEmoji)
	wantEqual(t, "actor", a.Actor, bridge.Actor{ID: ann, Kind: bridge.ActorPerson})
	wantEqual(t, "place", a.Place, bridge.Place{Channel: w.channel, Message: reply.Place.Message})
}

// An emoji by somebody who is no colleague is stored with a foreign actor, so that it does nothing.
func TestConfirmFindsAnEmojiOfAGuest(t *testing.T) {
	t.Parallel()
	w, reply := newReplyWorld(t)
	w.mustReact(eve, reply, takeBack)
	w.wantConfirmed("with a guest's emoji", reply, bridge.Unchanged)
	wantEqual(t, "actor", w.waitAction(reactionFacts).Actor, bridge.Actor{ID: eve, Kind: bridge.ActorForeign})
}

// The mark that Parley itself puts on a waiting reply doesn't take the reply back.
func TestConfirmPassesOverOurMark(t *testing.T) {
	t.Parallel()
	w, reply := newReplyWorld(t)
	w.mustSend(bridge.Post{Kind: bridge.PostMark, Token: "mark", Mark: bridge.MarkWaiting, Place: reply.Place})
	wantEqual(t, "reactions that Graph shows", len(w.messageOfGraph(w.root, reply.Place.Message).Reactions), 1)
	w.wantConfirmed("with our mark", reply, bridge.Unchanged)
	w.wantFacts(reactionFacts, 0)
}

// If an emoji is found but can't be stored now, the reply isn't sent: Confirm says that something has changed.
func TestConfirmEmojiThatCannotBeStored(t *testing.T) {
	t.Parallel()
	w, reply := newReplyWorld(t)
	w.mustReact(ann, reply, takeBack)
	w.desk.Refuse(errDown)
	w.wantUnstoredChange(reply)
	w.desk.Refuse(nil)
	w.wantConfirmed("when the database is back", reply, bridge.Unchanged)
	w.wantFacts(reactionFacts, 1)
}

// wantUnstoredChange checks that Confirm fails and says that the reply has changed, and that no reaction is stored.
func (w *world) wantUnstoredChange(reply bridge.Action) {
	w.t.Helper()
	got, err := w.surface.Confirm(w.ctx(), reply.Place, reply.Text)
	if err == nil {
		w.t.Error("Confirm has no error")
	}
	wantEqual(w.t, "confirmation", got, bridge.Changed)
	w.wantFacts(reactionFacts, 0)
}
