package store_test

import (
	"slices"
	"testing"
	"time"

	"parley/store"
	"parley/store/storetest"
)

// If a receipt comes before the result of an attempt, the receipt's state stays.
func TestReceiptBeforeResult(t *testing.T) {
	t.Parallel()
	for _, state := range []store.DeliveryState{"delivered", "read", "failed", "cancelled", "needs_decision"} {
		t.Run(string(state), func(t *testing.T) {
			t.Parallel()
			pool := storetest.Reused(t)
			g := newGate(t, pool, "g", 0, 1)
			newDueLane(t, pool, 1, g, 1, 1)
			c := claimOne(t, pool, g)
			exec(t, pool, `UPDATE deliveries SET state = $1`, state)
			finishAll(t, pool, []store.FinishedDelivery{resultOf(c, store.Accepted)})
			if got, want := readStates(t, pool), []store.DeliveryState{state}; !slices.Equal(got, want) {
				t.Errorf("the delivery is %v, want %v", got, want)
			}
			var head int
			check(t, pool.QueryRow(t.Context(), `SELECT head FROM lanes`).Scan(&head))
			if head != 1 {
				t.Errorf("the lane has passed over %d deliveries, want 1", head)
			}
		})
	}
}

// Within a gate roots overtake messages, messages overtake cards, cards overtake marks.
func TestPriorities(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	g := newGate(t, pool, "g", 0, 1)
	for priority := 3; priority >= 0; priority-- {
		newDueLane(t, pool, store.LaneID(10+priority), g, priority, 1)
	}
	for priority := range int64(4) {
		checkClaimed(t, claimLanes(t, pool, 1, g), store.DeliveryID((10+priority)*1000+1))
	}
}

// Once a post has landed that had failed before, its conversation's card waits no longer for its next attempt. One that
// another transaction is changing is left alone; other conversations' cards, and those that wait for something else, wait on.
func TestCardFollowsARecoveredPost(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	g := newGate(t, pool, "g", 0, 1)
	const hour = 3600
	newDueLane(t, pool, 1, g, store.PrioritySay, 4)
	for lane := range store.LaneID(3) {
		newDueLane(t, pool, 2+lane, g, store.PriorityCard, 1)
	}
	exec(t, pool, `UPDATE lanes SET conversation_id = 1 WHERE id <> 3`)
	exec(t, pool, `UPDATE deliveries SET not_before = parley_now() + interval '1 hour', attempt = 1 WHERE lane_id = 4`)
	exec(t, pool, `UPDATE lanes SET due_at = parley_now() + interval '1 hour' WHERE id = 4`)
	claimed := claimLanes(t, pool, 9, g)
	checkClaimed(t, claimed, 1001, 2001, 3001)
	var done []store.FinishedDelivery
	for _, c := range claimed {
		f := resultOf(c, store.Queued)
		f.Advance, f.Wait = 0, hour
		done = append(done, f)
	}
	done[0].Wait = 0

	first := resultOf(finishAndClaimOne(t, pool, done, g), store.Accepted)
	second := resultOf(finishAndClaimOne(t, pool, []store.FinishedDelivery{first}, g), store.Accepted)
	second.Recovered = true
	other := storetest.Begin(t, pool)
	exec(t, other, `SELECT FROM lanes WHERE id = 2 FOR UPDATE`)
	third := resultOf(finishAndClaimOne(t, pool, []store.FinishedDelivery{second}, g), store.Accepted)
	check(t, other.Rollback(t.Context()))
	third.Recovered = true
	checkClaimed(t, finishAndClaim(t, pool, []store.FinishedDelivery{third}, 9, g), 1004, 2001)
}

// A result waits for a transaction that puts a delivery into its lane or changes the one that was sent. Then it sees the
// new delivery: the lane isn't due before that one may leave.
func TestResultWaitsForItsLane(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	g := newGate(t, pool, "g", 0, 1)
	newDueLane(t, pool, 1, g, 1, 1)
	done := []store.FinishedDelivery{resultOf(claimOne(t, pool, g), store.Accepted)}

	other := storetest.Begin(t, pool)
	exec(t, other, `UPDATE lanes SET tail = 2`)
	finished := make(chan bool, 1)
	go func() {
		finishAll(t, pool, done)
		finished <- true
	}()
	storetest.WaitForLock(t, pool)
	exec(t, other, `UPDATE deliveries SET warned_at = now()`) // if the result had locked it, both would wait for each other
	exec(t, other, `
		INSERT INTO deliveries (id, lane_id, seq, kind, not_before, created_at)
		VALUES (1002, 1, 2, 'reply', parley_now() + interval '1 hour', parley_now())`)
	check(t, other.Commit(t.Context()))

	storetest.Receive(t, finished, "the result is written")
	const after = `SELECT state, due_at > parley_now() + interval '50 min' FROM lanes, deliveries WHERE deliveries.id = 1001`
	if got := row(t, pool, after); got != "(accepted,t)" {
		t.Errorf("state of what was sent, and whether the lane waits for the next one: %s, want (accepted,t)", got)
	}
}

// A delivery that is not due yet by Parley's clock is not claimed. Moving the clock makes it due.
func TestHoldIsParleysClock(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	g := newGate(t, pool, "g", 0, 1)
	newDueLane(t, pool, 1, g, 1, 2)
	exec(t, pool, `UPDATE deliveries SET not_before = parley_now() + interval '1 h' WHERE seq = 2`)
	first := claimOne(t, pool, g)
	checkClaimed(t, finishAndClaim(t, pool, []store.FinishedDelivery{resultOf(first, store.Accepted)}, 1, g))
	check(t, store.MoveClock(t.Context(), pool, time.Hour))
	checkClaimed(t, claimLanes(t, pool, 1, g), 1002)
}

// A turn doesn't wait. It passes over gates and lanes that another replica holds.
func TestClaimSkipsWhatIsLocked(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	a, b := newGate(t, pool, "a", 0, 1), newGate(t, pool, "b", 0, 1)
	newDueLane(t, pool, 1, a, 1, 1)
	newDueLane(t, pool, 2, b, 1, 1)
	newDueLane(t, pool, 3, b, 1, 1)
	tx := storetest.Begin(t, pool)
	must(tx.Exec(t.Context(), `SELECT FROM gates WHERE id = $1 FOR NO KEY UPDATE`, a))(t)
	must(tx.Exec(t.Context(), `SELECT FROM lanes WHERE id = 2 FOR NO KEY UPDATE`))(t)
	checkClaimed(t, claimLanes(t, pool, 10, a, b), 3001)
}
