package engine_test

import (
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/relay"
	"parley/channels/channelstest"
	"parley/store"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// A reply has two files, and nobody could tell for ten minutes whether the second one arrived. Then the provider's
// receipts come. They are applied to that file alone, not to the text with the first file.
func TestReceiptAfterAPersonWasAsked(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		told     store.DeliveryState // by the provider in the end, as the state of the delivery
		wantFate store.Fate
	}{
		{name: "it was delivered", told: store.Delivered, wantFate: store.FateOut},
		{name: "it failed", told: store.Failed, wantFate: store.FateFailed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, lossyOptions())
			thread := w.openThread()
			w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultDropAfter, With: "b.txt"})
			w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultBlind, Times: -1})
			reply := w.sayPlans(thread, 2)
			w.waitFate(reply, "unclear")

			second := w.provider.Sent()[1].ID // of the two that the reply is sent as
			for _, state := range []store.DeliveryState{store.Sent, tt.told} {
				w.reportStatus(channelstest.Event{ID: second, State: string(state), Message: w.idOf(reply), External: []string{second}})
			}
			w.eventually("it is about the second file alone", func() bool {
				return slices.Equal(w.statesOf(reply), []store.DeliveryState{store.Accepted, tt.told})
			})
			w.waitFate(reply, tt.wantFate)
		})
	}
}

// statesOf returns the states of a reply's deliveries, in their order.
func (w *world) statesOf(reply string) []store.DeliveryState {
	w.t.Helper()
	return readRows(w, pgx.RowTo[store.DeliveryState], `SELECT state FROM deliveries
		WHERE kind = 'reply' AND message_id = $1 ORDER BY seq`, w.idOf(reply))
}

// The answer to a reply was lost, and an agent sent it again. A late report that the first sending failed changes
// nothing. A report that the second one failed counts.
func TestFailureOfTheFirstSending(t *testing.T) {
	t.Parallel()
	w, thread, reply := newUnclearReply(t)
	w.chat.Press(t, "ann", w.waitLine(thread, bridge.LineUnclear), bridge.VerbSendAgain)
	w.provider.WaitTexts(t, "One", "One")
	w.waitDeliveryState(reply, store.Accepted)
	message, sent := int64(w.count(`SELECT id FROM messages WHERE direction = 'out'`)), w.provider.Sent()
	reportFailed := func(id string) {
		w.reportStatus(channelstest.Event{ID: id, State: "failed", Message: message, External: []string{id}, ByID: true, Reason: "Nobody there."})
	}

	reportFailed(sent[0].ID)
	w.waitDrained()
	wantEqual(t, "state of the reply, of which the first sending failed", w.statesOf(reply)[0], store.Accepted)
	wantEqual(t, "lines that offer to send it again", w.countLines(thread, bridge.LineFailed), 0)

	reportFailed(sent[1].ID)
	w.waitLine(thread, bridge.LineFailed)
	w.waitFate(reply, store.FateFailed)
}

// newUnclearReply makes a world in which nobody knows whether the reply "One" has left: the provider's answer was lost,
// and the provider can't say whether it has the reply.
func newUnclearReply(t *testing.T) (w *world, thread, reply string) {
	t.Helper()
	w = newWorld(t, options{lossy: true, relay: relay.Options{UnclearAfter: 30 * time.Second, MaxWait: 100 * time.Millisecond}})
	thread = w.openThread()
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultDropAfter})
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultBlind, Times: -1})
	reply = w.reply(thread, "One")
	w.waitFate(reply, "unclear")
	return w, thread, reply
}

// sendUnclearReplyAgain starts a world in which nobody can tell whether Ann's reply "One" has left. It was sent again,
// and waits behind her reply "Two", which is in its hold. The provider takes each message once.
func sendUnclearReplyAgain(t *testing.T) (w *world, thread, one string) {
	t.Helper()
	w = newWorld(t, options{stopped: true, lossy: true, hold: time.Hour,
		relay: relay.Options{UnclearAfter: 30 * time.Second, MaxWait: 100 * time.Millisecond}})
	w.engines[0].SetChannel(w.accounts[chat], &takesOnce{Channel: w.live[chat].Load()})
	w.start()
	thread = w.openThread()
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultDropAfter})
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultBlind, Times: -1})
	one = w.replyInHold(thread, "One")
	w.advance(2 * time.Hour)
	unclear := w.waitLine(thread, bridge.LineUnclear)
	w.replyInHold(thread, "Two")
	w.chat.Press(t, "ann", unclear, bridge.VerbSendAgain)
	w.waitFate(one, "waiting")
	return w, thread, one
}
