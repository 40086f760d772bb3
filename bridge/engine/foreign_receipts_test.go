package engine_test

import (
	"testing"

	"parley/channels/channelstest"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// Events behind a receipt that waits for its message stay behind it, even if both are applied together (invariant 3).
func TestNothingOvertakesAReceiptThatWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	reply := w.reply(w.openThread(), "Hi Kim")
	w.waitFate(reply, "out")

	release := w.holdQueues(w.accounts[chat])
	w.reportStatus(channelstest.Event{State: "read", From: "kim", External: []string{"unknown-1"}})
	w.reportStatus(channelstest.Event{State: "read", Message: int64(w.messageOf(reply))})
	w.exec(`UPDATE events SET received_at = received_at + interval '1 hour'`) // the first one waits for an hour
	release()
	w.eventually("the first one waits", func() bool { return w.count(`SELECT count(*) FROM queues WHERE waits_for IS NOT NULL`) == 1 })
	w.waitDeliveryState(reply, "accepted")

	w.exec(`UPDATE events SET received_at = received_at - interval '1 hour'`)
	w.forgetReceipts()
	w.waitDeliveryState(reply, "read")
}

// forgetReceipts ends the waiting of receipts for their message, and waits until none is left. Each receipt is looked at
// when it comes, and again when its time is over.
func (w *world) forgetReceipts() {
	w.t.Helper()
	w.exec(`UPDATE events SET received_at = received_at - interval '10 s'`)
	w.repeatUntil("all receipts are forgotten", w.makeQueuesDue, func() bool { return w.count(`SELECT count(*) FROM queued`) == 0 })
}

// countThreadsOfFailures counts the threads that show failures of messages which belong to no conversation.
func (w *world) countThreadsOfFailures() int {
	w.t.Helper()
	return w.count(`SELECT count(*) FROM conversations WHERE kind <> 'customer'`)
}

// A shop numbers its customers' messages and ours separately, so both may have the same number. A receipt that a message
// with such a number arrived isn't shown, but one that it failed is.
func TestReceiptWithTheIDOfACustomersMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	const id = "17"
	w.postChatEvent(channelstest.Event{Type: "message", ID: id, From: "kim", Text: "Hello"})
	w.waitThread("Hello")

	w.reportStatus(channelstest.Event{State: "delivered", From: "kim", External: []string{id}})
	w.reportStatus(channelstest.Event{State: "read", From: "kim", External: []string{id}})
	w.waitDrained()
	wantEqual(t, "threads that show failures", w.countThreadsOfFailures(), 0)

	w.reportStatus(channelstest.Event{State: "failed", From: "kim", External: []string{id}, Reason: "unknown number"})
	w.waitShown("unknown number")
}
