package engine_test

import (
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
)

// newShopWorld makes a world in which kim wrote half an hour less than a day ago. Soon no promotional message may be sent
// to kim. Replies are held for an hour.
func newShopWorld(t *testing.T) (w *world, thread string) {
	t.Helper()
	w = newWorld(t, options{hold: time.Hour, caps: withWindow(7 * 24 * time.Hour)})
	w.customerWrites("kim", "Hello?")
	thread = w.waitThread("Hello?")
	w.advance(23*time.Hour + 30*time.Minute)
	return w, thread
}

// A reply that is edited into a promotional one isn't sent if it is too late for promotional messages when its hold ends.
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

// The edit that makes a reply promotional may come before the reply itself. Then the reply isn't sent either.
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
