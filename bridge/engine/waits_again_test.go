package engine_test

import (
	"testing"
	"time"

	"parley/bridge"
	"parley/store"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which customers
// write and are answered, and a fake chat, in whose channel "support" agents work.

// A question for colleagues that its author keeps inside was no answer: whoever set the conversation pending doesn't wait for us again.
func TestKeepInsideLeavesTheConversationPending(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.assign(thread, "ann")
	w.reply(thread, "!pending")
	w.waitCard(thread, "#1 pending")
	wantEqual(t, "customers who wait", w.count(`SELECT count(*) FROM conversations WHERE waiting_since IS NOT NULL`), 0)
	asked := w.reply(thread, "!frob of ann")
	w.waitFate(asked, "ask")
	w.chat.Press(t, "ann", w.waitLine(thread, bridge.LineAsk), bridge.VerbKeep)
	w.waitFate(asked, "inside")
	w.waitDrained()
	w.waitCard(thread, "#1 pending")
}

// A reply that is kept inside in its hold leaves the customer unanswered: lists show her words again.
func TestKeptReplyLeavesTheCustomerUnanswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	thread := w.openThread()
	kept := w.replyInHold(thread, "It is black")
	w.chat.Choose("ann", support, kept, bridge.VerbKeep)
	w.waitFate(kept, "inside")
	wantEqual(t, "who spoke last", w.annsFacts().LastMessage.From, store.FromCustomer)
}

// Colleagues talk much behind the answer: a further reply that is taken back leaves the customer answered.
func TestUndoBehindNotesLeavesTheCustomerAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	thread := w.openThread()
	answer := w.replyInHold(thread, "It is black")
	w.advance(2 * time.Hour)
	w.waitFate(answer, "out")
	for _, note := range []string{"note: one", "note: two", "note: three", "note: four"} {
		w.waitFate(w.reply(thread, note), "inside")
	}
	further := w.replyInHold(thread, "PS: and large")
	w.reply(thread, "!undo")
	w.waitFate(further, "undone")
	w.waitIdle()
	wantEqual(t, "customers who wait, in whatever status", w.countWaitingAnyhow(), 0)
	w.waitCard(thread, "#1 pending")
}

// The card of a chat that is over leads to the conversation that an agent begins with the same customer.
func TestCardLeadsToWhatAnAgentBegins(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.chat.Submit("ann", support, thread, formOf(bridge.VerbClose), "")
	w.waitCard(thread, "closed")
	w.waitDrained()
	w.chat.Submit("ben", support, "", startForm(chat, "kim", ""), "Hello again")
	w.waitCard(thread, "continued in #2")
}
