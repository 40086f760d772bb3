package store_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/storetest"
)

// newWaitingQueues makes the queues 30/a with the events a0, a1 and a2, 30/b with b0 and b1, and one of another
// account. The events came in turns, so that the places of a queue's events aren't next to each other.
func newWaitingQueues(t *testing.T) *pgxpool.Pool {
	t.Helper()
	pool := storetest.Reused(t)
	newQueueAccount(t, pool)
	for _, events := range [][]store.NewEvent{
		newQueueEvents("a", []string{"30/a"}),
		newQueueEvents("b", []string{"30/b", "30/b"}),
		newQueueEvents("a", []string{"30/a", "30/a", "30/a"})[1:],
		{{AccountID: 31, ExternalID: "other", OrderKey: "31/c"}},
	} {
		must(store.InsertEvents(t.Context(), pool, events))(t)
	}
	return pool
}

// checkTaken takes what is due of the account of newQueueAccount, and checks which events these are, in the order of
// their queues.
func checkTaken(t *testing.T, pool *pgxpool.Pool, holder int, want string) []store.Run {
	t.Helper()
	runs := takeQueues(t, pool, holder, 10, time.Time{})
	slices.SortFunc(runs, func(a, b store.Run) int { return strings.Compare(a.Events[0].OrderKey, b.Events[0].OrderKey) })
	var taken []string
	for _, r := range runs {
		for _, e := range r.Events {
			taken = append(taken, e.ExternalID)
		}
	}
	if got := strings.Join(taken, " "); got != want {
		t.Errorf("taken are %q, want %q", got, want)
	}
	return runs
}

// An applier takes each event once, from queues that are due and that no other applier has in hand. Events that
// failed are taken by TakeSuspect instead.
func TestTakeRuns(t *testing.T) {
	t.Parallel()
	const all, ofB = "a0 a1 a2 b0 b1", "b0 b1"
	tests := []struct {
		name   string
		change string // of the queue 30/a
		want   string
	}{
		{name: "both are due", change: `due_at = due_at`, want: all},
		{name: "another applier has taken from it", change: `holder = 99`, want: ofB},
		{name: "its next event failed", change: `tries = 1`, want: ofB},
		{name: "it was put off", change: `due_at = clock_timestamp() + interval '1 h'`, want: ofB},
		{name: "a newer version understands it", change: `version = 99`, want: ofB},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			pool := newWaitingQueues(t)
			exec(t, pool, `UPDATE queues SET `+tt.change+` WHERE key = '30/a'`)
			checkTaken(t, pool, newHolder(t, pool), tt.want)
		})
	}
}

// If an applier lost one of its queues to another applier, its whole transaction is lost. The other applier applies
// the same events.
func TestAppliedWithoutTheQueue(t *testing.T) {
	t.Parallel()
	pool := newWaitingQueues(t)
	late := checkTaken(t, pool, newHolder(t, pool), "a0 a1 a2 b0 b1")

	exec(t, pool, `UPDATE queues SET holder = NULL, epoch = epoch + 1 WHERE key = '30/a'`) // as FreeDeadHolders does
	holder := newHolder(t, pool)
	current := checkTaken(t, pool, holder, "a0 a1 a2")

	err := store.InTxWith(t.Context(), pool, func(pgx.Tx) (*store.Pipeline, error) {
		var p store.Pipeline
		p.FinishRuns([]store.Release{late[0].Release(3), late[1].Release(2)})
		return &p, nil
	})
	if !store.IsLost(err) {
		t.Errorf("the transaction ended with %v, want that it is lost", err)
	}

	// The late applier doesn't have the queue any more, so its release does nothing.
	check(t, store.ReleaseRuns(t.Context(), pool, []store.Release{late[0].Release(3)}))
	check(t, store.ReleaseRuns(t.Context(), pool, []store.Release{current[0].Release(0)}))
	checkTaken(t, pool, holder, "a0 a1 a2")
}

// An event that is stored while the last one of its queue is applied is taken next.
func TestReleaseBesideANewEvent(t *testing.T) {
	t.Parallel()
	pool := newWaitingQueues(t)
	holder := newHolder(t, pool)
	runs := checkTaken(t, pool, holder, "a0 a1 a2 b0 b1")

	storing := storetest.Begin(t, pool)
	must(store.InsertEvents(t.Context(), storing, newQueueEvents("new", []string{"30/a"})))(t)

	applied := make(chan error, 1)
	go func() {
		applied <- store.InTxWith(t.Context(), pool, func(pgx.Tx) (*store.Pipeline, error) {
			var p store.Pipeline
			p.FinishRuns([]store.Release{runs[0].Release(3), runs[1].Release(2)})
			return &p, nil
		})
	}()
	storetest.WaitForLock(t, pool)
	check(t, storing.Commit(t.Context()))
	check(t, storetest.Receive(t, applied, "the events are applied"))

	checkTaken(t, pool, holder, "new0")
}

// An event that can never be applied is put into quarantine once, even if it is told twice, and is in no queue.
func TestBadEventToldAgain(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	newQueueAccount(t, pool)
	bad := newQueueEvents("bad", []string{"30/a"})
	bad[0].Quarantine = "gibberish"
	for range 2 {
		must(store.InsertEvents(t.Context(), pool, bad))(t)
	}
	if got := storetest.Row(t, pool, `SELECT count(*) FROM quarantine`); got != "(1)" {
		t.Errorf("the quarantine has %s events, want (1)", got)
	}
	checkTaken(t, pool, newHolder(t, pool), "")
}
