package teams

import (
	"net/http"
	"testing"
	"time"

	"parley/bot/teams/teamsfake"
	"parley/bridge"
)

// takeBack is the emoji by which a person takes a reply back: the mark of a reply that waits.
const takeBack = "231b_hourglassdone"

// newReplyWorld makes a world in which Ann has replied in the conversation's thread. Teams tells nobody of emoji on what people type.
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

// An emoji is found when the reply is read again, and stored before the reply may leave.
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

// The engine waits for the emoji by the order key of the message alone.
func TestFoundEmojiIsInTheQueueOfItsMessage(t *testing.T) {
	t.Parallel()
	w, reply := newReplyWorld(t)
	w.mustReact(ann, reply, takeBack)
	w.wantConfirmed("with an emoji", reply, bridge.Unchanged)
	wantEqual(t, "order key", w.desk.First(t, reactionFacts).OrderKey, w.channel+":"+reply.Place.Message)
}

// However often a reply is read, and by whichever replica, an emoji on it is one fact.
func TestConfirmFindsAnEmojiOnce(t *testing.T) {
	t.Parallel()
	w, reply := newReplyWorld(t)
	w.mustReact(ann, reply, takeBack)
	for _, s := range append(w.replicas(), w.surface) {
		_, err := s.Confirm(w.ctx(), reply.Place, reply.Text)
		noError(t, err)
	}
	w.wantFacts(reactionFacts, 1)
}

// Emoji of several people are several facts, and so is one that was taken away and put there again: each may take the reply back.
func TestConfirmFindsEachEmoji(t *testing.T) {
	t.Parallel()
	w, reply := newReplyWorld(t)
	w.mustReact(ann, reply, takeBack)
	w.mustReact(ben, reply, takeBack)
	w.mustReact(ben, reply, "like")
	w.wantConfirmed("with three emoji", reply, bridge.Unchanged)
	w.wantFacts(reactionFacts, 3)
	noError(t, w.ann.Unreact(w.channel, reply.Place.Message, takeBack))
	w.advance(time.Second)
	w.mustReact(ann, reply, takeBack)
	w.wantConfirmed("with one put there again", reply, bridge.Unchanged)
	w.wantFacts(reactionFacts, 4)
}

// Whoever is no colleague is told apart, so that the emoji does nothing.
func TestConfirmFindsAnEmojiOfAGuest(t *testing.T) {
	t.Parallel()
	w, reply := newReplyWorld(t)
	w.mustReact(eve, reply, takeBack)
	w.wantConfirmed("with a guest's emoji", reply, bridge.Unchanged)
	wantEqual(t, "actor", w.waitAction(reactionFacts).Actor, bridge.Actor{ID: eve, Kind: bridge.ActorForeign})
}

// The mark that we put on a reply that waits takes nothing back.
func TestConfirmPassesOverOurMark(t *testing.T) {
	t.Parallel()
	w, reply := newReplyWorld(t)
	w.mustSend(bridge.Post{Kind: bridge.PostMark, Token: "mark", Mark: bridge.MarkWaiting, Place: reply.Place})
	wantEqual(t, "reactions that Graph shows", len(w.messageOfGraph(w.root, reply.Place.Message).Reactions), 1)
	w.wantConfirmed("with our mark", reply, bridge.Unchanged)
	w.wantFacts(reactionFacts, 0)
}

// An emoji that can't be stored now keeps the reply from leaving: the caller is told that something has changed.
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

// So does an edit that can't be stored now.
func TestConfirmEditThatCannotBeStored(t *testing.T) {
	t.Parallel()
	w, reply := newReplyWorld(t)
	w.withoutEvents(func() error { return w.ann.Edit(w.channel, reply.Place.Message, "On Monday") })
	w.desk.Refuse(errDown)
	w.wantUnstoredChange(reply)
}

// So does an emoji of somebody of whom Teams doesn't tell now who it is.
func TestConfirmEmojiOfSomebodyUnknown(t *testing.T) {
	t.Parallel()
	w, reply := newReplyWorld(t)
	w.mustReact(ben, reply, takeBack)
	outage := w.fake.Inject(teamsfake.Fault{Method: "members.get", Kind: teamsfake.FaultHTTP, Status: http.StatusInternalServerError})
	w.wantUnstoredChange(reply)
	w.fake.ClearFaults(outage)
	w.wantConfirmed("when Teams tells who it is", reply, bridge.Unchanged)
	wantEqual(t, "actor", w.waitAction(reactionFacts).Actor.ID, ben)
}

// wantUnstoredChange checks that Confirm fails, and that it says of the reply that something was found that isn't stored.
func (w *world) wantUnstoredChange(reply bridge.Action) {
	w.t.Helper()
	got, err := w.surface.Confirm(w.ctx(), reply.Place, reply.Text)
	if err == nil {
		w.t.Error("Confirm has no error")
	}
	wantEqual(w.t, "confirmation", got, bridge.Changed)
	w.wantFacts(reactionFacts, 0)
}

// Where we may not read, no emoji is found.
func TestConfirmFindsNoEmojiWhereItMayNotRead(t *testing.T) {
	t.Parallel()
	w, reply := newReplyWorld(t)
	w.mustReact(ann, reply, takeBack)
	w.refuseToRead()
	w.wantConfirmed("unreadable", reply, bridge.Unchanged)
	w.wantFacts(reactionFacts, 0)
}
