package relay_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"parley/bridge/relay"
	"parley/channels"
	"parley/store"
	"parley/store/dispatch"
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
	h.reconcile = func(dispatch.Claimed) (channels.Outcome, relay.Sent, error) {
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

// lateArrival is a harness with a channel that may show late what it has taken: a message must be absent for eight
// minutes (AbsentFor) before it counts as not sent. The first attempt is unclear, and the first two lookups find
// nothing.
func lateArrival(t *testing.T, thirdLook channels.Outcome) (h *harness, reply store.DeliveryID) {
	t.Helper()
	h = newHarness(t, func(o *relay.Options) { o.AbsentAgain = 0 }) // 0: AbsentFor counts
	h.policy.AbsentFor = 8 * time.Minute
	h.send = failFirst(channels.Ambiguous)
	h.reconcile = func(c dispatch.Claimed) (channels.Outcome, relay.Sent, error) {
		if h.numberOfLooks() <= 2 {
			return channels.Absent, relay.Sent{}, nil
		}
		return thirdLook, relay.Sent{}, nil
	}
	reply = h.addReply()
	h.start()
	h.waitState(reply, store.Unknown)

	waitForLook := func(n int) {
		t.Helper()
		h.waitDelivery(reply, "it is still absent after another look", func(d deliveryRow) bool {
			claims := n + 1 // one for the attempt
			return d.State == store.Unknown && d.IsAbsent && d.LaneEpoch == claims && !d.LaneIsLeased
		})
		h.wantLooks(n)
	}
	h.passTime(untilFirstLook)
	waitForLook(1)
	h.waitDelivery(reply, "the next look comes within a minute, though eight must pass", func(d deliveryRow) bool {
		return d.LaneDueIn >= 30*time.Second && d.LaneDueIn <= time.Minute
	})
	h.passTime(70 * time.Second)
	waitForLook(2)
	h.passTime(500 * time.Second) // more than AbsentFor since the first look
	return h, reply
}

func TestMessageThatArrivesLateIsNotRepeated(t *testing.T) {
	t.Parallel()
	h, reply := lateArrival(t, channels.Landed)
	h.waitState(reply, store.Accepted)
	h.wantAttempts(attempt{reply, 1})
}

// If a message was found absent, it is looked for longer than Options.UnclearAfter before a person is asked, because it
// may soon have been absent for long enough.
func TestMessageThatWasAbsentIsLookedForLonger(t *testing.T) {
	t.Parallel()
	h, reply := lateArrival(t, channels.CannotTell)
	waitForLook := func(n int) {
		t.Helper()
		h.waitDelivery(reply, "it is unknown after another look", func(d deliveryRow) bool {
			return d.State == store.Unknown && h.numberOfLooks() == n && d.LaneDueIn > time.Second && !d.LaneIsLeased
		})
	}
	waitForLook(3)
	h.passTime(time.Minute) // eleven minutes since the attempt
	waitForLook(4)
	h.passTime(8 * time.Minute)
	h.waitState(reply, store.NeedsDecision)
}

func TestMessageThatIsAbsentForLongIsRepeated(t *testing.T) {
	t.Parallel()
	h, reply := lateArrival(t, channels.Absent)
	h.waitState(reply, store.Accepted)
	h.wantAttempts(attempt{reply, 1}, attempt{reply, 2})
}

// Parley remembers, as long as a delivery is tried, that an earlier attempt may have been made, even if later attempts
// fail for sure. Each unclear attempt is looked for twice.
func TestUnclearAttemptIsRemembered(t *testing.T) {
	t.Parallel()
	t.Run("of a reply", func(t *testing.T) { testUnclearAttemptIsRemembered(t, false) })
	t.Run("of a post", func(t *testing.T) { testUnclearAttemptIsRemembered(t, true) })
}

func testUnclearAttemptIsRemembered(t *testing.T, preferDouble bool) {
	t.Parallel()
	h := newHarness(t, waitForAbsentAgain)
	h.policy.PreferDouble = preferDouble
	fail := failFirst(channels.Ambiguous, channels.Retry, channels.Ambiguous)
	var known []bool // whether each attempt knew of an earlier one that was found absent
	h.send = func(ctx context.Context, c dispatch.Claimed) (relay.Sent, error) {
		h.mu.Lock()
		known = append(known, c.AbsentAt != nil)
		h.mu.Unlock()
		return fail(ctx, c)
	}
	h.reconcile = find(channels.Absent)

	reply := h.addReply()
	h.start()

	waitForFirstLook := func(attempt int) {
		t.Helper()
		h.passTime(untilFirstLook)
		h.waitDelivery(reply, "the latest attempt was found absent", func(d deliveryRow) bool {
			return d.State == store.Unknown && d.Attempt == attempt && d.IsAbsentSinceSent
		})
	}

	h.waitState(reply, store.Unknown)
	waitForFirstLook(1)
	h.wantLooks(1)

	// The second look makes two attempts: the second fails for sure, the third is unclear.
	h.passTime(untilSecondLook)
	h.waitStateAfter(reply, 3, store.Unknown)
	waitForFirstLook(3)
	h.wantLooks(3)

	h.passTime(untilSecondLook)
	h.waitState(reply, store.Accepted)
	want := []bool{false, true, true, true}
	if got := locked(h, func() []bool { return slices.Clone(known) }); !slices.Equal(got, want) {
		t.Errorf("attempts that knew of an earlier one: got %v, want %v", got, want)
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

// A delivery whose attempts are all unclear, and found absent, is sent again after longer and longer pauses, until
// Policy.RetryFor is over.
func TestUnclearAttemptsAreFartherAndFartherApart(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.policy.Backoff = []time.Duration{time.Second, 30 * time.Minute}
	h.send = failAlways(channels.Ambiguous)
	h.reconcile = find(channels.Absent)
	reply := h.addReply()
	h.start()
	h.waitState(reply, store.Unknown)

	h.passTime(untilFirstLook) // the first pause passes during the looks
	h.waitStateAfter(reply, 2, store.Unknown)

	h.passTime(untilFirstLook)
	h.waitDelivery(reply, "the third attempt waits for the second pause", func(d deliveryRow) bool {
		return d.State == store.Queued && d.Attempt == 2 && d.LaneDueIn > 20*time.Minute
	})

	h.passTime(h.policy.RetryFor)
	h.waitStateAfter(reply, 3, store.Unknown)
	h.passTime(untilFirstLook)
	h.wantOutcome(reply, store.Failed, 3, relay.ReportFailed)
}
