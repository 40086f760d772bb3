package twilio

import (
	"net/http"
	"testing"

	"parley/channels"
	"parley/channels/channelstest"
	"parley/channels/twilio/twiliofake"
)

// Statuses that arrive before the answer to the send name our message. Those that are skipped or out of order are told as they
// come; one that comes twice is one fact.
func TestStatusesBeforeAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaWhatsApp, func(o *twiliofake.Options, _ channels.Config) { o.HoldCallbacks = true })
	w.annWrites("hi")
	answer := make(chan struct{})
	w.fake.AddFault(twiliofake.Fault{Route: "POST /Messages", Kind: twiliofake.FaultLate, Until: answer})
	sent := make(chan channels.Receipt, 1)
	go func() {
		r, err := w.send(w.outbound(77, "x"))
		if err != nil {
			t.Error(err)
		}
		sent <- r
	}()
	w.wait("Twilio has the message", func() bool { return len(w.fake.Messages()) == 2 }) // after Ann's
	sid := w.fake.Messages()[1].SID
	for _, status := range []string{"read", "read", "sent", "failed"} {
		wantEqual(t, "answer to the callback of "+status, w.fake.Callback(sid, status), http.StatusNoContent)
	}

	wantStates := []channels.DeliveryState{channels.StateRead, channels.StateSent, channels.StateFailed}
	for i, in := range w.waitStatuses(len(wantStates)) {
		wantEqual(t, "state", in.Status.State, wantStates[i])
		wantEqual(t, "message of the status "+string(in.Status.State), in.Status.MessageID, 77)
	}
	close(answer)
	wantEqual(t, "external id of the late answer", channelstest.Receive(t, sent, "the late answer comes").ExternalID, sid)
}
