package bench

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge/relay"
	"parley/channels"
	"parley/store"
)

// laneHandler is the relay.Handler of these benchmarks. The relay, Parley's delivery worker, takes deliveries
// (outgoing messages) from the database and hands them to its handler. laneHandler sends nothing: it reports
// success at once, so that only the cost of the relay is measured. It also checks that the deliveries of each
// lane, which is a queue, arrive exactly once and in order.
//
// One lane can be made to fail always, and one gate (the rate limit of a provider) to answer 429.
type laneHandler struct {
	before    store.LaneID // lanes have the ids before+1, before+2, …
	stuck     store.LaneID // this lane always fails; 0 means none
	throttled store.GateID // this gate answers 429; 0 means none
	onSent    func()       // called for each delivery that was sent; may be nil

	last       []atomic.Int64 // by lane: sequence number of the last delivery that was sent
	sent       atomic.Int64
	remaining  atomic.Int64  // deliveries that still have to be sent
	drained    chan struct{} // closed when remaining becomes 0
	disorder   atomic.Int64  // deliveries that were repeated or out of order
	reconciled atomic.Int64  // calls of Reconcile; must be 0, since the outcome of Send is always known
}

func newLaneHandler(f laneFill) *laneHandler {
	h := &laneHandler{
		stuck:     f.stuckLane(),
		throttled: f.throttledGate(),
		last:      make([]atomic.Int64, f.countLanes()+1),
		drained:   make(chan struct{}),
	}
	h.remaining.Store(int64(f.queued))
	return h
}

// Decode implements relay.Handler. It is never called, nor are Apply, Quarantined and Timer: there are no
// events and no timers.
func (*laneHandler) Decode(store.Event, []byte) (any, error) { return nil, nil } //nolint:nilnil // see above

// Apply implements relay.Handler.
func (*laneHandler) Apply(context.Context, pgx.Tx, relay.Batch) (relay.Outcome, error) {
	return relay.Outcome{}, nil
}

// Quarantined implements relay.Handler.
func (*laneHandler) Quarantined(context.Context, pgx.Tx, store.Event, string, bool) error { return nil }

// Policy implements relay.Handler, with the policy of a channel that retries.
func (*laneHandler) Policy(store.ClaimedDelivery) relay.Policy {
	return relay.Policy{
		RequestTimeout: 30 * time.Second,
		RetryFor:       48 * time.Hour,
		Backoff:        []time.Duration{time.Second, 5 * time.Second},
	}
}

// Attempts implements relay.Handler. It makes one attempt for each delivery.
func (h *laneHandler) Attempts(_ context.Context, claims []store.ClaimedDelivery) []relay.Attempt {
	list := make([]relay.Attempt, len(claims))
	for i, c := range claims {
		list[i] = laneAttempt{h: h, lane: c.LaneID, gate: c.GateID, seq: c.Seq}
	}
	return list
}

// Facts implements relay.Handler. Results are not written to the journal.
func (*laneHandler) Facts(store.ClaimedDelivery, relay.Report) []store.NewEvent { return nil }

// Timer implements relay.Handler.
func (*laneHandler) Timer(store.Timer) store.NewEvent { return store.NewEvent{} }

// laneAttempt is an attempt to send one delivery.
type laneAttempt struct {
	h    *laneHandler
	lane store.LaneID
	gate store.GateID
	seq  int64
}

// Send implements relay.Attempt. See laneHandler for what it does.
func (a laneAttempt) Send(context.Context) (relay.Sent, error) {
	h := a.h
	if a.lane == h.stuck {
		return relay.Sent{}, &channels.SendError{Class: channels.Retry, Text: "The provider can't be reached."}
	}
	if a.gate == h.throttled {
		return relay.Sent{}, &channels.SendError{Class: channels.Throttled, Text: "Too many messages.", Wait: time.Second}
	}
	if !h.last[a.lane-h.before].CompareAndSwap(a.seq-1, a.seq) {
		h.disorder.Add(1)
		return relay.Sent{}, nil
	}

	h.sent.Add(1)

	if h.onSent != nil {
		h.onSent()
	}
	if h.remaining.Add(-1) == 0 {
		close(h.drained)
	}

	return relay.Sent{}, nil
}

// Reconcile implements relay.Attempt. The relay calls it if the outcome of Send is unknown.
func (a laneAttempt) Reconcile(context.Context) (channels.Outcome, relay.Sent, error) {
	a.h.reconciled.Add(1)
	return channels.CannotTell, relay.Sent{}, nil
}
