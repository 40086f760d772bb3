package engine_test

import (
	"testing"

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
