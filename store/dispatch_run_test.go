package store_test

import (
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/storetest"
)

// newRunLane makes a lane of nine deliveries, of which all but the fifth and the last may join others. The second one was
// cancelled, and the eighth is held for an hour.
func newRunLane(t *testing.T) (*pgxpool.Pool, store.GateID) {
	t.Helper()
	pool := storetest.Reused(t)
	g := newGate(t, pool, "g", 0, 1)
	newDueLane(t, pool, 1, g, 1, 9)
	exec(t, pool, `UPDATE deliveries SET join_key = 'k', join_size = 300 WHERE seq NOT IN (5, 9)`)
	exec(t, pool, `UPDATE deliveries SET state = 'cancelled' WHERE seq = 2`)
	exec(t, pool, `UPDATE deliveries SET not_before = parley_now() + interval '1 hour' WHERE seq = 8`)
	return pool, g
}

// checkRun checks which deliveries were claimed together, and that those behind the first are in its state.
func checkRun(t *testing.T, run store.ClaimedDelivery, wantState store.DeliveryState, want ...store.DeliveryID) {
	t.Helper()
	got := []store.DeliveryID{run.ID}
	for _, d := range run.With {
		got = append(got, d.ID)
		if d.State != wantState {
			t.Errorf("delivery %d of the run is %s, want %s", d.ID, d.State, wantState)
		}
	}
	if !slices.Equal(got, want) {
		t.Fatalf("the run is %v, want %v", got, want)
	}
	if run.State != wantState {
		t.Errorf("the run is %s, want %s", run.State, wantState)
	}
}

// resultOfRun returns the result of an attempt to send a run. advance is how many deliveries the lane goes on.
func resultOfRun(run store.ClaimedDelivery, state store.DeliveryState, advance int) []store.FinishedDelivery {
	f := resultOf(run, state)
	f.Advance = advance
	for _, d := range run.With {
		f.With = append(f.With, store.DeliveryPart{ID: d.ID, State: state})
	}
	return []store.FinishedDelivery{f}
}

// A run whose result is unknown stays the same run, even if one of its deliveries could not join it any more.
func TestUnclearRunStaysTheSame(t *testing.T) {
	t.Parallel()
	pool, g := newRunLane(t)
	claimOne(t, pool, g)
	expireLeases(t, pool)
	exec(t, pool, `UPDATE deliveries SET join_key = '' WHERE seq = 4`)
	checkRun(t, claimOne(t, pool, g), store.Unknown, 1001, 1003, 1004)
}

// A run of which a part has been sent stays the same. A delivery that left the run earlier, after an attempt that sent
// nothing, doesn't belong to it.
func TestPartlySentRunStaysTheSame(t *testing.T) {
	t.Parallel()
	pool, g := newRunLane(t)
	run := claimOne(t, pool, g)
	exec(t, pool, `UPDATE deliveries SET join_key = '' WHERE id = 1004`)
	fewer := finishAndClaimOne(t, pool, resultOfRun(run, store.Queued, 0), g)
	checkRun(t, fewer, store.Sending, 1001, 1003)

	partlySent := resultOfRun(fewer, store.Queued, 0)
	partlySent[0].Part = 1
	partlySent[0].With[0].Progress = "\x00" // PostgreSQL refuses it
	exec(t, pool, `UPDATE deliveries SET join_key = '' WHERE id = 1003`)
	rest := finishAndClaimOne(t, pool, partlySent, g)
	checkRun(t, rest, store.Sending, 1001, 1003)
}

// After a run the lane goes on with the delivery that joins none, and then with a run up to the one that is held.
func TestRunsOfALane(t *testing.T) {
	t.Parallel()
	pool, g := newRunLane(t)
	first := claimOne(t, pool, g)
	alone := finishAndClaimOne(t, pool, resultOfRun(first, store.Accepted, 4), g)
	checkRun(t, alone, store.Sending, 1005)
	last := finishAndClaimOne(t, pool, resultOfRun(alone, store.Accepted, 1), g)
	checkRun(t, last, store.Sending, 1006, 1007)

	type delivery struct {
		State  store.DeliveryState
		Joined store.DeliveryID
	}
	got := storetest.Rows(t, pool, pgx.RowToStructByPos[delivery], `SELECT state, joined FROM deliveries ORDER BY seq`)
	want := []delivery{
		{State: store.Accepted},
		{State: "cancelled"},
		{State: store.Accepted, Joined: 1001},
		{State: store.Accepted, Joined: 1001},
		{State: store.Accepted},
		{State: store.Sending},
		{State: store.Sending, Joined: 1006},
		{State: store.Queued},
		{State: store.Queued},
	}
	if !slices.Equal(got, want) {
		t.Errorf("the deliveries are\n%+v\nwant\n%+v", got, want)
	}
}
