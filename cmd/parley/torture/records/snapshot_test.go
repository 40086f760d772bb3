package records

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/channels/pause"
	"parley/store/storetest"
)

// TestRead: a snapshot is held until its time is over, and a reader of all tables holds back
// whoever wants to change them.
func TestRead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		what  string
		locks bool
	}{"snapshot": {what: TakeSnapshot}, "all tables": {what: ReadAll, locks: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pool := storetest.DB(t)
			ctx, end := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- readOnce(ctx, pool.Config().ConnString(), time.Now().Add(time.Hour), c.what) }()
			waitFor(t, pool, `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction' AND backend_xmin IS NOT NULL)`)
			tx, err := pool.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if _, err = tx.Exec(t.Context(), "LOCK TABLE events IN ACCESS EXCLUSIVE MODE NOWAIT"); err != nil != c.locks {
				t.Errorf("a change of a table: %v", err)
			}
			if err := tx.Rollback(t.Context()); err != nil {
				t.Fatal(err)
			}
			end()
			if err := <-ended; err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("its time is over", func(t *testing.T) {
		t.Parallel()
		if err := readOnce(t.Context(), storetest.DB(t).Config().ConnString(), time.Now().Add(10*time.Millisecond), TakeSnapshot); err != nil {
			t.Error(err)
		}
	})
}

// waitFor asks until a query says yes.
func waitFor(t *testing.T, pool *pgxpool.Pool, query string) {
	t.Helper()
	for ctx, yes := t.Context(), false; !yes; {
		if err := pool.QueryRow(ctx, query).Scan(&yes); err != nil {
			t.Fatal(err)
		}
		if !pause.For(ctx, 10*time.Millisecond) {
			t.Fatal(ctx.Err())
		}
	}
}
