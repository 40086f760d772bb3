package slack

import (
	"errors"
	"testing"

	"parley/bridge"
)

// Just before a reply goes to the customer, Confirm reads it again. These tests check that it also notices the
// emoji by which a person takes the reply back.

// takeBack is the emoji by which a person takes a reply back: the mark of a reply that waits.
const takeBack = "hourglass_flowing_sand"

// newReplyUnderCard has Ann reply in a thread of ours. The surface isn't connected, so that no event tells of
// what she does next.
func newReplyUnderCard(t *testing.T) (w *world, at bridge.Place) {
	t.Helper()
	w = newWorld(t)
	root := w.postRoot()
	return w, bridge.Place{Channel: w.channel, Thread: root.Message, Message: w.postAsAnn(root.Message, "On our way")}
}

// mustConfirm has Ann's unchanged reply read again.
func (w *world) mustConfirm(at bridge.Place) {
	w.t.Helper()
	got, err := w.surface.Confirm(w.ctx(), at, "On our way")
	noError(w.t, err)
	wantEqual(w.t, "confirmation", got, bridge.Unchanged)
}

// emojiFact returns how the id of the fact begins that a person has put an emoji on a message.
func (w *world) emojiFact(at bridge.Place, user, emoji string) string {
	return "r:" + at.Channel + ":" + at.Message + ":" + user + ":" + emoji + ":"
}

// An emoji that no event has told of is found when the reply is read again.
func TestConfirmFindsAnEmoji(t *testing.T) {
	t.Parallel()
	w, at := newReplyUnderCard(t)
	noError(t, w.fake.As(w.ann).React(at.Channel, at.Message, takeBack))
	w.mustConfirm(at)
	a := w.waitAction(w.emojiFact(at, w.ann, takeBack))
	wantEqual(t, "verb", a.Verb, bridge.VerbUndo)
	wantEqual(t, "origin", a.Origin, bridge.OriginFoundEmoji)
	wantEqual(t, "actor", a.Actor, bridge.Actor{ID: bridge.SurfaceUser(w.ann), Kind: bridge.ActorPerson})
	wantEqual(t, "place", a.Place, bridge.Place{Channel: at.Channel, Message: at.Message})
}

// The mark that we put on a reply that waits takes nothing back.
func TestConfirmPassesOverOurMark(t *testing.T) {
	t.Parallel()
	w, at := newReplyUnderCard(t)
	w.mustSend(bridge.Post{Kind: bridge.PostMark, Token: "mark", Mark: bridge.MarkWaiting, Place: at})
	wantEqual(t, "reactions", len(w.fake.Message(at.Channel, at.Message).Reactions), 1)
	w.mustConfirm(at)
	w.wantFacts("r:", 0)
}

// An emoji that can't be stored now keeps the reply from leaving: the caller is told that something has changed.
func TestConfirmEmojiThatCannotBeStored(t *testing.T) {
	t.Parallel()
	w, at := newReplyUnderCard(t)
	noError(t, w.fake.As(w.ann).React(at.Channel, at.Message, takeBack))
	w.desk.Refuse(errors.New("the database is down"))
	got, err := w.surface.Confirm(w.ctx(), at, "On our way")
	if err == nil {
		t.Error("Confirm has no error")
	}
	wantEqual(t, "confirmation", got, bridge.Changed)
}
