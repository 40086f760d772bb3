package relay_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"parley/bridge/relay"
	"parley/channels"
	"parley/store"
)

// An attempt is unclear when its answer was lost: the delivery becomes unknown, and is looked for before anything is
// sent again. The tests of this file let such attempts happen, and say what the looks find.

// Times that make a look due, for passTime.
const (
	untilFirstLook  = 10 * time.Second  // the request's second, and Options.ReconcileAfter
	absentAgain     = 2 * time.Minute   // Options.AbsentAgain, where a test has set it
	untilSecondLook = 130 * time.Second // somewhat longer than absentAgain
)

// waitForAbsentAgain sets Options.AbsentAgain to absentAgain.
func waitForAbsentAgain(o *relay.Options) { o.AbsentAgain = absentAgain }

// unclearPair is a harness with a lane of two deliveries. The first attempt at each is unclear.
type unclearPair struct {
	*harness
	first, second store.DeliveryID
}

// newUnclearPair makes and starts an unclearPair, and waits until the first delivery is unknown. Each look has the same
// answer.
func newUnclearPair(t *testing.T, outcome channels.Outcome, err error, change ...func(*relay.Options)) unclearPair {
	t.Helper()
	h := newHarness(t, change...)
	h.send = failFirst(channels.Ambiguous)
	h.reconcile = func(store.ClaimedDelivery) (channels.Outcome, relay.Sent, error) {
		return outcome, relay.Sent{ExternalID: "found"}, err
	}
	first, second := h.addTwoReplies()
	h.start()
	h.waitState(first, store.Unknown)
	return unclearPair{harness: h, first: first, second: second}
}

// An attempt isn't looked for before it is certainly over, even if its lane is claimed early.
func TestNoLookBeforeAttemptIsOver(t *testing.T) {
	t.Parallel()
	h := newUnclearPair(t, channels.Landed, nil, func(o *relay.Options) { o.ReconcileAfter = 5 * time.Minute })
	isFreeForAMinute := func(d deliveryRow) bool { return d.LaneDueIn > time.Minute && !d.LaneIsLeased }
	h.waitDelivery(h.first, "its lane is due in more than a minute", isFreeForAMinute)

	h.exec(`UPDATE lanes SET due_at = parley_now(), leased_until = NULL`)
	h.Wake()
	h.waitDelivery(h.first, "its lane waits for the rest of the time", isFreeForAMinute)
	h.wantLooks(0)

	h.passTime(400 * time.Second) // longer than ReconcileAfter
	h.waitState(h.first, store.Accepted)
}

func TestFoundAttemptIsNotRepeated(t *testing.T) {
	t.Parallel()
	h := newUnclearPair(t, channels.Landed, nil)
	h.passTime(untilFirstLook)
	h.waitState(h.first, store.Accepted)
	h.waitState(h.second, store.Accepted)
	h.wantAttemptsAt(h.first, 1)
	if got := h.delivery(h.first); got.ExternalID != "found" {
		t.Errorf("external id: got %q, want that of the message that was found", got.ExternalID)
	}
}

// A delivery is sent again only if two lookups found it absent, with at least Options.AbsentAgain between them.
func TestUnknownAbsentTwice(t *testing.T) {
	t.Parallel()
	h := newUnclearPair(t, channels.Absent, nil, waitForAbsentAgain)
	h.passTime(untilFirstLook)
	h.waitFoundAbsent(h.first)

	h.exec(`UPDATE lanes SET due_at = parley_now()`) // a second look that comes too early doesn't count
	h.Wake()
	const claims = 3 // for the attempt, the look, and the early look
	h.waitDelivery(h.first, "its lane was claimed once more, and waits again", func(d deliveryRow) bool {
		return d.LaneEpoch >= claims && d.LaneDueIn > 30*time.Second && !d.LaneIsLeased
	})
	h.wantAttempts(attempt{h.first, 1})

	h.passTime(untilSecondLook)
	h.waitState(h.first, store.Accepted)
	h.waitFoundAbsent(h.second)
	h.passTime(untilSecondLook)
	h.waitState(h.second, store.Accepted)

	got := h.attemptsMade()
	want := []attempt{{h.first, 1}, {h.first, 2}, {h.second, 1}}
	if len(got) < len(want) || !slices.Equal(got[:len(want)], want) {
		t.Errorf("attempts: got %+v, want them to begin with %+v", got, want)
	}
}

// If it can't be found out for ten minutes whether a delivery was sent, it leaves the lane and a person decides. The
// deliveries behind it go on.
func TestUnknownNeedsDecision(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name         string
		outcome      channels.Outcome // counts only without an error
		lookErr      error
		wantGateHeld bool
	}{
		{name: "nobody can tell", outcome: channels.CannotTell},
		{name: "nobody can look", outcome: channels.Landed, lookErr: errors.New("no connection")},
		{name: "nobody may look so often", lookErr: &channels.SendError{Class: channels.Throttled, Wait: time.Hour}, wantGateHeld: true},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newUnclearPair(t, tt.outcome, tt.lookErr)
			h.passTime(2 * untilFirstLook)
			h.waitDelivery(h.first, "another look waits", func(d deliveryRow) bool {
				return d.State == store.Unknown && d.LaneDueIn > time.Second && !d.LaneIsLeased
			})
			h.wantValue("the gate is held", tt.wantGateHeld, `SELECT next_at > clock_timestamp() FROM gates`)

			h.passTime(10 * time.Minute) // Options.UnclearAfter
			h.openGate(1)
			h.waitState(h.first, store.NeedsDecision)
			h.waitState(h.second, store.Unknown) // the first attempt at each is unclear
			unclear := report{Delivery: h.first, Kind: relay.ReportUnclear}
			h.waitAppliedNames(unclear.factName())
			h.wantAttempts(attempt{h.first, 1}, attempt{h.second, 1})
		})
	}
}
