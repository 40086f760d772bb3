package engine_test

import (
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
)

// newShopWorld makes a world whose customer wrote half an hour less than a day ago: soon no promotional message may be sent to her.
// Replies are held for an hour.
func newShopWorld(t *testing.T) (w *world, thread string) {
	t.Helper()
	w = newWorld(t, options{hold: time.Hour, caps: withWindow(7 * 24 * time.Hour)})
	w.customerWrites("kim", "Hello?")
	thread = w.waitThread("Hello?")
	w.advance(23*time.Hour + 30*time.Minute)
	return w, thread
}

// A reply that was edited into a promotional one doesn't leave when it is too late for such a one.
func TestReplyEditedIntoAPromotionalOne(t *testing.T) {
	t.Parallel()
	w, thread := newShopWorld(t)
	reply := w.replyInHold(thread, "10 % off")
	w.chat.Edit(support, reply, "!promo 10 % off today")
	w.eventually("the edit is applied", func() bool {
		return w.text(`SELECT text FROM messages WHERE place = $1`, reply) == "10 % off today"
	})
	w.advance(time.Hour)
	wantWords(t, "the line", w.waitLine(thread, bridge.LineFailed).Plain(), "It is promotional")
	w.wantNothingSent()
}

// Nor does it when the edit came before the reply itself.
func TestEditIntoAPromotionalReplyBeforeTheReply(t *testing.T) {
	t.Parallel()
	w, thread := newShopWorld(t)
	w.chat.Mute(true)
	said := w.chat.Get(support, w.reply(thread, "10 % off"))
	w.chat.Mute(false)
	w.chat.Edit(support, said.ID, "!promo 10 % off today")
	w.eventually("the edit is kept", func() bool { return w.count(`SELECT count(*) FROM posts WHERE kind = 'early'`) == 1 })
	w.journalSurfaceFact("say", bridgetest.Message{Channel: support, ID: said.ID, Thread: thread, User: "ann", By: bridge.ActorPerson,
		Text: "10 % off", Order: said.Order})
	w.waitFate(said.ID, "waiting")
	w.advance(time.Hour)
	wantWords(t, "the line", w.waitLine(thread, bridge.LineFailed).Plain(), "It is promotional")
	w.wantNothingSent()
}
