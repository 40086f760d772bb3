package store_test

import (
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/storetest"
)

// passSeconds lets a time pass for the gates, which are rates that lanes share.
func passSeconds(t *testing.T, pool *pgxpool.Pool, seconds int) {
	t.Helper()
	exec(t, pool, `
		UPDATE gates
		SET next_at = next_at - make_interval(secs => $1), wide_next_at = wide_next_at - make_interval(secs => $1)`, seconds)
}

// checkCount checks how many deliveries were claimed.
func checkCount(t *testing.T, when string, claimed []store.ClaimedDelivery, want int) {
	t.Helper()
	if len(claimed) != want {
		t.Fatalf("%s: claimed %v, want %d deliveries", when, deliveryIDs(claimed), want)
	}
}

// checkWait checks in how many seconds a gate may be claimed from again, less the time that the test has taken.
func checkWait(t *testing.T, pool *pgxpool.Pool, gate store.GateID, want float64) store.GateDue {
	t.Helper()
	const tolerance = 5 // seconds
	due := must(store.DueGates(t.Context(), pool, []store.GateSince{{ID: gate}}))(t)
	if len(due) != 1 {
		t.Fatalf("%d gates are due, want 1: %+v", len(due), due)
	}
	if due[0].Wait < want-tolerance || due[0].Wait > want {
		t.Errorf("the gate is due in %.1f s, want in %.0f s", due[0].Wait, want)
	}
	return due[0]
}

// newDueLanes makes n lanes with one delivery each, with the ids from first on.
func newDueLanes(t *testing.T, pool *pgxpool.Pool, gate store.GateID, first, n store.LaneID) {
	t.Helper()
	for lane := range n {
		newDueLane(t, pool, first+lane, gate, 1, 1)
	}
}

// A gate gives out no more than its rate, in bursts. Other gates go on.
func TestGateBudget(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	slow, open := newGate(t, pool, "slow", 0.01, 2), newGate(t, pool, "open", 0, 1)
	newDueLanes(t, pool, slow, 1, 4)
	newDueLanes(t, pool, open, 11, 4)
	checkCount(t, "a burst of two, and all four of the open gate", claimLanes(t, pool, 10, slow, open), 2+4)
	checkCount(t, "once the burst is spent", claimLanes(t, pool, 10, slow), 0)
	passSeconds(t, pool, 100)
	checkCount(t, "after 100 s, at one in 100 s", claimLanes(t, pool, 10, slow), 1)
}

// newWideGate makes a gate with two buckets: three calls at once and one in 10 s, but no more than five at once and one in
// 100 s. Twenty lanes wait behind it.
func newWideGate(t *testing.T, pool *pgxpool.Pool) store.GateID {
	t.Helper()
	g := newGateOf(t, pool, store.Gate{AccountID: 1, Key: "g", PerSecond: 0.1, Burst: 3, WidePerSecond: 0.01, WideBurst: 5})
	newDueLanes(t, pool, g, 1, 20)
	return g
}

// A gate with a second bucket gives out only as much as both buckets have, and is due when both have a token.
func TestWideBudget(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	g := newWideGate(t, pool)
	steps := []struct {
		when        string
		pass        int // seconds
		wantClaimed int
		wantWait    float64 // seconds
	}{
		{when: "at first", pass: 0, wantClaimed: 3, wantWait: 10},
		{when: "with one token", pass: 10, wantClaimed: 1, wantWait: 10},
		{when: "with a full bucket, and two tokens in the wide one", pass: 100, wantClaimed: 2, wantWait: 90},
		{when: "with a full bucket, and one token in the wide one", pass: 100, wantClaimed: 1, wantWait: 90},
		{when: "with two full buckets", pass: 10000, wantClaimed: 3, wantWait: 10},
		{when: "with two tokens left in the wide bucket", pass: 30, wantClaimed: 2, wantWait: 70},
	}
	for _, step := range steps {
		passSeconds(t, pool, step.pass)
		checkCount(t, step.when, claimLanes(t, pool, 10, g), step.wantClaimed)
		if due := checkWait(t, pool, g, step.wantWait); !due.Limited {
			t.Errorf("%s: the gate doesn't say that it is limited", step.when)
		}
	}
}

// When a provider answers that it was called too often (429), nobody claims from the gate until its wait is over.
func TestThrottledGate(t *testing.T) {
	t.Parallel()
	const wait = 600 // seconds
	pool := storetest.Reused(t)
	throttled, other := newGate(t, pool, "throttled", 0, 1), newGate(t, pool, "other", 0, 1)
	newDueLane(t, pool, 1, throttled, 1, 1)
	newDueLane(t, pool, 2, throttled, 1, 1)
	newDueLane(t, pool, 3, other, 1, 2)

	refused := resultOf(claimOne(t, pool, throttled), store.Queued)
	refused.Advance, refused.GateWait = 0, wait
	checkClaimed(t, finishAndClaim(t, pool, []store.FinishedDelivery{refused}, 10, throttled, other), 3001)
	checkWait(t, pool, throttled, wait)
	exec(t, pool, `UPDATE gates SET next_at = clock_timestamp() WHERE id = $1`, throttled)
	checkClaimed(t, claimLanes(t, pool, 10, throttled), 1001, 2001)
}
