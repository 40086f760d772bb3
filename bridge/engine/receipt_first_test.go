package engine_test

import (
	"testing"
	"time"

	"parley/bridge"
	"parley/channels"
	"parley/channels/channelstest"
	"parley/store"
)

// Receipts that come before the result of the attempt which they are about, or while another attempt waits: each says more than the
// result does.

// messageOf returns the id of the message that an agent typed at a place.
func (w *world) messageOf(place string) store.MessageID {
	w.t.Helper()
	return store.MessageID(w.count(`SELECT id FROM messages WHERE place = $1`, place))
}

// A provider tells that the window is closed while it still answers our request. The reply stays parked though the answer says that it
// was accepted.
func TestWindowClosesBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{caps: withWindow(0)})
	thread := w.openThread()
	answer := make(chan struct{})
	w.provider.AddFault(channelstest.Fault{Until: answer})
	reply := w.reply(thread, "Hi Kim")
	w.provider.WaitCalls(t, 1)

	w.reportStatus(channelstest.Event{State: "failed", Message: int64(w.messageOf(reply)), Class: channels.WindowClosed, Reason: "too late"})
	w.waitFate(reply, "parked")
	close(answer)
	w.provider.WaitTexts(t, "Hi Kim")
	w.waitDrained()

	w.waitFate(reply, "parked")
	w.waitDeliveryState(reply, "failed")
}

// A reply is deleted during its attempt, and a receipt proves that the customer has it before the answer comes: its author is told, once.
func TestReceiptOfADeletedReply(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	answer := make(chan struct{})
	w.provider.AddFault(channelstest.Fault{Until: answer})
	reply := w.reply(thread, "Hi Kim")
	w.provider.WaitCalls(t, 1)
	w.chat.Delete(support, reply)
	w.waitFate(reply, "undone")

	w.reportStatus(channelstest.Event{State: "delivered", Message: int64(w.messageOf(reply))})
	w.waitLine(thread, bridge.LineDeleteLate)
	w.waitFate(reply, "out")
	close(answer)
	w.waitDrained()
	wantEqual(t, "lines that the customer has it", w.countLines(thread, bridge.LineDeleteLate), 1)
}

// A customer writes while a provider refuses a reply because the window is closed: it is open now, so the reply is offered at once.
func TestCustomerWritesWhileTheWindowIsClosed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{caps: withWindow(0)})
	thread := w.openThread()
	answer := make(chan struct{})
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.WindowClosed, Until: answer})
	reply := w.reply(thread, "Hi Kim")
	w.provider.WaitCalls(t, 1)
	w.customerWrites("kim", "Are you there?")
	w.waitShown("Are you there?")
	close(answer)

	offered := w.waitLine(thread, bridge.LineOffered)
	w.waitFate(reply, "parked")
	w.chat.Press(t, "ann", offered, bridge.VerbSend)
	w.provider.WaitTexts(t, "Hi Kim")
}

// An attempt fails, the author edits the reply, and the next attempt's receipt comes before its answer: the customer has the new words.
func TestReceiptOfTheAttemptAfterAnEdit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{backoff: []time.Duration{time.Hour}})
	thread := w.openThread()
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultRefuse})
	reply := w.reply(thread, "Hi Kin")
	w.waitFailedAttempt()
	w.chat.Edit(support, reply, "Hi Kim")
	words := func() string { return w.text(`SELECT fate || ' ' || text FROM messages WHERE place = $1`, reply) }
	w.eventually("the new words wait", func() bool { return words() == "waiting Hi Kim" })
	answer := make(chan struct{})
	w.provider.AddFault(channelstest.Fault{Until: answer})
	w.advance(2 * time.Hour)
	w.provider.WaitCalls(t, 2)

	w.reportStatus(channelstest.Event{State: "sent", Message: int64(w.messageOf(reply))})
	w.waitFate(reply, "out")
	close(answer)
	w.provider.WaitTexts(t, "Hi Kim")
	w.waitDrained()

	wantEqual(t, "what Parley says that the customer has", words(), "out Hi Kim")
	wantEqual(t, "lines that say that the edit came too late", w.countLines(thread, bridge.LineEditLate), 0)
}

// Two lines wait to leave as one message. Its first attempt fails, and one line is deleted meanwhile: the receipts of the message, which
// bear the number of the first line, are about the other line alone.
func TestReceiptOfARunWithoutItsFirstLine(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: lineHold, backoff: []time.Duration{time.Hour}})
	w.waitRunsAllowed()
	thread := w.openThread()
	answer := make(chan struct{})
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultRefuse, Until: answer})
	first, second := w.replyInHold(thread, "One"), w.replyInHold(thread, "Two")
	w.advance(2 * lineHold)
	w.provider.WaitCalls(t, 1)
	w.chat.Delete(support, first)
	w.waitFate(first, "undone")
	close(answer)
	w.eventually("the attempt has failed", func() bool {
		return w.count(`SELECT count(*) FROM lanes
			WHERE leased_until IS NULL AND id IN (SELECT lane_id FROM deliveries WHERE error_class = 'retry')`) == 1
	})
	w.advance(2 * time.Hour)
	w.provider.WaitTexts(t, "Two")
	w.waitFate(second, "out")
	w.waitDrained()

	for _, place := range []string{first, second} {
		w.reportStatus(channelstest.Event{State: "delivered", Message: int64(w.messageOf(place))})
	}
	w.waitDeliveryState(second, "delivered")
	w.waitDrained()

	w.waitFate(first, "undone")
	wantEqual(t, "lines that say that the deletion came too late", w.countLines(thread, bridge.LineDeleteLate), 0)
}
