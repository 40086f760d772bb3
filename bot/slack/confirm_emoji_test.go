package slack

import (
	"testing"

	"parley/bridge"
)

// takeBack is the emoji by which a person takes a reply back: the mark of a reply that waits.
const takeBack = "hourglass_flowing_sand"

// newReplyUnderCard has Ann reply in a thread of ours. The surface isn't connected, so that no event tells of what she does next.
func newReplyUnderCard(t *testing.T) (st *stage, at bridge.Place) {
	t.Helper()
	st = newStage(t)
	root := st.postRoot()
	return st, bridge.Place{Channel: st.channel, Thread: root.Message, Message: st.postAsAnn(root.Message, "On our way")}
}

// mustConfirm has Ann's unchanged reply read again.
func (st *stage) mustConfirm(at bridge.Place) {
	st.t.Helper()
	got, err := st.surface.Confirm(st.ctx(), at, "On our way")
	must(st.t, err)
	wantEqual(st.t, "confirmation", got, bridge.Unchanged)
}

// emojiFact returns how the id of the fact begins that a person has put an emoji on a message.
func (st *stage) emojiFact(at bridge.Place, user, emoji string) string {
	return "r:" + at.Channel + ":" + at.Message + ":" + user + ":" + emoji + ":"
}

// An emoji that no event has told of is found when the reply is read again.
func TestConfirmFindsAnEmoji(t *testing.T) {
	t.Parallel()
	st, at := newReplyUnderCard(t)
	must(t, st.fake.As(st.ann).React(at.Channel, at.Message, takeBack))
	st.mustConfirm(at)
	a := st.waitAction(st.emojiFact(at, st.ann, takeBack))
	wantEqual(t, "verb", a.Verb, bridge.VerbUndo)
	wantEqual(t, "origin", a.Origin, bridge.OriginFoundEmoji)
	wantEqual(t, "actor", a.Actor, bridge.Actor{ID: st.ann, Kind: bridge.ActorPerson})
	wantEqual(t, "place", a.Place, bridge.Place{Channel: at.Channel, Message: at.Message})
}

// However often a reply is read, an emoji on it is one fact.
func TestConfirmFindsAnEmojiOnce(t *testing.T) {
	t.Parallel()
	st, at := newReplyUnderCard(t)
	must(t, st.fake.As(st.ann).React(at.Channel, at.Message, takeBack))
	st.mustConfirm(at)
	attempts := st.desk.Attempts()
	st.mustConfirm(at)
	st.wantFacts(st.emojiFact(at, st.ann, takeBack), 1)
	wantEqual(t, "attempts to store it again", st.desk.Attempts()-attempts, 0)
}

// The mark that we put on a reply that waits takes nothing back.
func TestConfirmPassesOverOurMark(t *testing.T) {
	t.Parallel()
	st, at := newReplyUnderCard(t)
	st.mustSend(bridge.Post{Kind: bridge.PostMark, Token: "mark", Mark: bridge.MarkWaiting, Place: at})
	wantEqual(t, "reactions", len(st.fake.Message(at.Channel, at.Message).Reactions), 1)
	st.mustConfirm(at)
	st.wantFacts("r:", 0)
}
