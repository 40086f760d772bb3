package records

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store/storetest"
)

// holdTestSnapshot holds the snapshot of a statement in a database of its own until the test ends. It returns once the
// snapshot is taken.
func holdTestSnapshot(t *testing.T, statement string) *pgxpool.Pool {
	t.Helper()
	pool := storetest.DB(t)
	ctx, end := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- readOnce(ctx, pool.Config().ConnString(), time.Now().Add(time.Hour), statement) }()
	t.Cleanup(func() {
		end()
		// The server shows the snapshot before the reader has its answer. If the test ends in between, the reader is cancelled.
		if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("readOnce: %v", err)
		}
	})
	storetest.WaitForRow(t, pool, `
		SELECT FROM pg_stat_activity
		WHERE datname = current_database() AND state = 'idle in transaction' AND backend_xmin IS NOT NULL`)
	return pool
}

// lockEvents tries to lock the table events as a change of the schema does, and returns the error.
func lockEvents(t *testing.T, pool *pgxpool.Pool) error {
	t.Helper()
	tx := storetest.Must(pool.Begin(t.Context()))(t)
	_, locked := tx.Exec(t.Context(), "LOCK TABLE events IN ACCESS EXCLUSIVE MODE NOWAIT")
	storetest.Check(t, tx.Rollback(t.Context()))
	return locked
}

// A snapshot alone locks no table against changes.
func TestTakeSnapshotLocksNothing(t *testing.T) {
	t.Parallel()
	if err := lockEvents(t, holdTestSnapshot(t, TakeSnapshot)); err != nil {
		t.Errorf("lock a table: %v", err)
	}
}

// Reading all tables locks them against changes.
func TestReadAllLocksTables(t *testing.T) {
	t.Parallel()
	if err := lockEvents(t, holdTestSnapshot(t, ReadAll)); err == nil {
		t.Error("a table could be locked, want an error")
	}
}

// A snapshot ends when its time is over.
func TestSnapshotEnds(t *testing.T) {
	t.Parallel()
	until := time.Now().Add(10 * time.Millisecond)
	if err := readOnce(t.Context(), storetest.DB(t).Config().ConnString(), until, TakeSnapshot); err != nil {
		t.Errorf("readOnce: %v", err)
	}
}
