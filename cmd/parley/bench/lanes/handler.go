package lanes

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge/relay"
	"parley/channels"
	"parley/store"
	"parley/store/dispatch"
)

// laneHandler stands at the end of a measured relay in place of chats and providers. The relay hands it deliveries,
// which are messages on their way. It says at once that each is sent, and checks that those of one lane come once and
// in order. One lane may be made to fail always, and one gate (a provider's budget of requests) to answer 429.
type laneHandler struct {
	before    store.LaneID // the ids of the lanes are before+1, before+2, …
	stuck     store.LaneID // this lane always fails; 0 means none
	throttled store.GateID // this gate answers 429; 0 means none
	onSent    func()       // called for each delivery that was sent; nil means nothing is called

	last     []atomic.Int64 // by lane: seq of the last delivery that was sent
	sent     atomic.Int64
	left     atomic.Int64  // deliveries still to be sent
	drained  chan struct{} // closed when left becomes 0
	disorder atomic.Int64  // deliveries that came twice or not in their turn
	looks    atomic.Int64  // calls of Reconcile: no answer was lost, so there must be none
}

func newLaneHandler(f laneFill) *laneHandler {
	h := &laneHandler{
		stuck:     f.stuckLane(),
		throttled: f.throttledGate(),
		last:      make([]atomic.Int64, f.countLanes()+1),
		drained:   make(chan struct{}),
	}
	h.left.Store(int64(f.queued))
	return h
}

// Decode implements relay.Handler. Nobody calls it, nor Apply, Quarantined and Timer: there are no events and no
// timers.
func (*laneHandler) Decode(store.Event, []byte) (any, error) { return nil, nil } //nolint:nilnil // see above

// Apply implements relay.Handler.
func (*laneHandler) Apply(context.Context, pgx.Tx, relay.Batch) (relay.Outcome, error) {
	return relay.Outcome{}, nil
}

// Quarantined implements relay.Handler.
func (*laneHandler) Quarantined(context.Context, pgx.Tx, store.Event, string, bool) error { return nil }

// Policy implements relay.Handler: that of a channel that retries.
func (*laneHandler) Policy(dispatch.Claimed) relay.Policy {
	return relay.Policy{
		RequestTimeout: 30 * time.Second,
		RetryFor:       48 * time.Hour,
		Backoff:        []time.Duration{time.Second, 5 * time.Second},
	}
}

// Attempts implements relay.Handler.
func (h *laneHandler) Attempts(_ context.Context, claims []dispatch.Claimed) []relay.Attempt {
	list := make([]relay.Attempt, len(claims))
	for i, c := range claims {
		list[i] = laneAttempt{h: h, lane: c.LaneID, gate: c.GateID, seq: c.Seq}
	}
	return list
}

// Facts implements relay.Handler: results are not journalled.
func (*laneHandler) Facts(dispatch.Claimed, relay.Report) []store.NewEvent { return nil }

// Timer implements relay.Handler.
func (*laneHandler) Timer(store.Timer) store.NewEvent { return store.NewEvent{} }

// laneAttempt is one delivery that was handed out.
type laneAttempt struct {
	h    *laneHandler
	lane store.LaneID
	gate store.GateID
	seq  int64
}

// Send implements relay.Attempt.
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
	if h.left.Add(-1) == 0 {
		close(h.drained)
	}

	return relay.Sent{}, nil
}

// Reconcile implements relay.Attempt.
func (a laneAttempt) Reconcile(context.Context) (channels.Outcome, relay.Sent, error) {
	a.h.looks.Add(1)
	return channels.CannotTell, relay.Sent{}, nil
}
