package engine_test

import (
	"sync/atomic"
	"testing"

	"parley/bridge"
	"parley/bridge/relay"
	"parley/channels/channelstest"
	"parley/store"
	"parley/store/storetest"
)

// listMail sends an automatic mail, which is listed in the day's thread. It returns the mail's id, and a function that
// makes a conversation of it.
func (w *world) listMail() (id string, promote func()) {
	w.t.Helper()
	id = w.customerSends(mail, channelstest.Event{From: "kim@x.test", Subject: "Order", Text: "An order", Automatic: "no-reply"})
	line := w.waitShown("Order")
	w.waitDrained()
	return id, func() { w.chat.Press(w.t, "ann", line, bridge.VerbPromote) }
}

// wantOneConversation checks that the promoted mail and the mail after it are in one conversation.
func (w *world) wantOneConversation() {
	w.t.Helper()
	w.waitDrained()
	if n := w.countConversations("customer"); n != 1 {
		w.t.Errorf("%d conversations, want one\n%s", n, w.dump())
	}
	if at, want := w.waitThread("I forgot"), w.waitCardWith("| Order | Ann").ID; at != want {
		w.t.Errorf("what followed stands in the thread %s, want %s\n%s", at, want, w.dump())
	}
}

// An agent makes a conversation of a listed mail, and the answer bounces. Then the mail is the last message again, and
// its sender waits.
func TestAnswerToAPromotedMailBounces(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	_, promote := w.listMail()
	promote()
	w.waitDrained()
	thread := w.waitCardWith("| Order | Ann").ID

	reply := w.reply(thread, "It is on its way")
	w.waitFate(reply, "out")
	w.postEvents(mail, channelstest.Event{Type: "status", State: "failed", Reason: "Full",
		Message: int64(w.count(`SELECT id FROM messages WHERE place = $1`, reply))})
	w.waitLine(thread, bridge.LineFailed)
	w.waitDrained()

	got := w.text(`SELECT concat_ws('; ', last_from, last_preview, waiting_since IS NOT NULL) FROM conversations WHERE kind = 'customer'`)
	if got != "customer; An order; t" {
		t.Errorf("the conversation has %s, want customer; An order; t", got)
	}
}

// An agent makes a conversation of a listed mail, and the sender's answer to that mail is applied in the same batch. The
// answer belongs to the new conversation.
func TestFollowUpBesideAPromotion(t *testing.T) {
	t.Parallel()
	var held atomic.Bool
	w := newWorld(t, options{relay: relay.Options{Held: held.Load}})
	first, promote := w.listMail()
	held.Store(true)
	promote()
	w.waitQueued(1)
	w.customerSends(mail, channelstest.Event{From: "kim@x.test", Text: "I forgot", References: []string{first}})
	w.waitQueued(2)
	held.Store(false)
	w.wantOneConversation()
}

// An agent makes a conversation of a listed mail, and the sender's answer to that mail is applied in another batch. That
// batch has read that the first mail is in the day's thread, and waits until the conversation is made. The answer belongs
// to the new conversation.
func TestFollowUpWaitsForAPromotion(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	first, promote := w.listMail()
	tx := storetest.Begin(t, w.pool)
	day := must(store.LockConversations(t.Context(), tx, []store.ConversationID{1}, nil))(t)
	if len(day) != 1 || day[0].Kind != store.KindAutomatic {
		t.Fatalf("locked is %v, want the day's thread of automatic mail alone", day)
	}

	promote()
	w.waitBlocked(1, lockOfConversations)
	w.customerSends(mail, channelstest.Event{From: "kim@x.test", Text: "I forgot", References: []string{first}})
	w.waitBlocked(2, lockOfConversations)
	check(t, tx.Commit(t.Context()))
	w.wantOneConversation()
}
