package engine_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"parley/bridge/relay"
	"parley/channels"
	"parley/channels/channelstest"
	"parley/store"
)

// lookedFor is a channel that notes whether the reply that it is last asked to look for counts as reworded.
type lookedFor struct {
	channels.Channel
	isReworded atomic.Bool
}

func (l *lookedFor) Reconcile(ctx context.Context, o channels.Outbound) (channels.Outcome, channels.Receipt, error) {
	l.isReworded.Store(o.Attempt.Reworded)
	return l.Channel.Reconcile(ctx, o)
}

// newWorldWithLookups makes a world whose chat notes what it is asked to look for, a minute after an attempt without an answer.
func newWorldWithLookups(t *testing.T, o options) (*world, *lookedFor) {
	t.Helper()
	o.stopped, o.relay = true, relay.Options{ReconcileAfter: time.Minute}
	w := newWorld(t, o)
	channel := &lookedFor{Channel: w.live[chat].Load()}
	w.engines[0].SetChannel(w.accounts[chat], channel)
	w.start()
	return w, channel
}

// lookNow has the attempts without an answer be looked for now.
func (w *world) lookNow() {
	w.t.Helper()
	w.exec(`UPDATE deliveries SET sent_at = sent_at - interval '2 min' WHERE state = 'unknown'`)
	w.exec(`UPDATE lanes SET due_at = parley_now() WHERE due_at IS NOT NULL`)
}

// Its author edits it meanwhile: the channel learns that the customer may have other words.
func TestEditedReplyIsLookedFor(t *testing.T) {
	t.Parallel()
	w, channel := newWorldWithLookups(t, options{})
	thread := w.openThread()
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultDropAfter})
	reply := w.reply(thread, "Uno")
	w.waitDeliveryState(reply, store.Unknown)
	w.chat.Edit(support, reply, "One")
	w.waitEdited("One")

	w.lookNow()
	w.waitFate(reply, "out")

	wantEqual(t, "the reply counts as reworded", channel.isReworded.Load(), true)
}
