package storetest

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// patience bounds what tests wait for. Only a test that fails uses it up.
const patience = 2 * time.Minute

// Receive waits until a channel has a value or is closed. It fails the test if that doesn't happen; what says what was waited for.
func Receive[T any](t testing.TB, from <-chan T, what string) (got T) {
	t.Helper()
	select {
	case got = <-from:
	case <-time.After(patience):
		t.Fatalf("waited in vain until %s", what)
	}
	return got
}

// WaitForRow waits until a query finds a row.
func WaitForRow(t testing.TB, pool *pgxpool.Pool, sql string, args ...any) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for ends := time.Now().Add(patience); ; <-tick.C {
		var found bool
		Check(t, pool.QueryRow(t.Context(), `SELECT EXISTS (`+sql+`)`, args...).Scan(&found))
		if found {
			return
		}
		if time.Now().After(ends) {
			t.Fatalf("waited in vain for a row of %s", sql)
		}
	}
}

// WaitForLock waits until some session of the database waits for another one's lock.
func WaitForLock(t testing.TB, pool *pgxpool.Pool) {
	t.Helper()
	WaitForRow(t, pool, `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`)
}
