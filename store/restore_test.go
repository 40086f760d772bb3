package store_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/storetest"
)

// restoreBackup makes a database look as if a backup of this time was restored into it now.
func restoreBackup(t *testing.T, pool *pgxpool.Pool, backupAt time.Time) {
	t.Helper()
	check(t, store.BeginRestore(t.Context(), pool, "test"))
	storetest.Must(store.FinishRestore(t.Context(), pool, backupAt))(t)
}

// drawIDs draws this many ids, and returns the first and the last.
func drawIDs(t *testing.T, pool *pgxpool.Pool, n int) (first, last int64) {
	t.Helper()
	var ids store.IDs
	check(t, ids.Ensure(t.Context(), pool, n))
	first = ids.Next()
	for range n - 1 {
		last = ids.Next()
	}
	return first, last
}

// drawNumbers draws this many conversation numbers, and returns the first and the last.
func drawNumbers(t *testing.T, pool *pgxpool.Pool, n int) (first, last store.ConversationID) {
	t.Helper()
	numbers := storetest.Must(store.ConversationNumbers(t.Context(), pool, n))(t)
	if len(numbers) != n {
		t.Fatalf("%d numbers were drawn, want %d", len(numbers), n)
	}
	return numbers[0], numbers[n-1]
}

// The same backup is restored twice, the second time a minute later. Customers and colleagues have ids and numbers of the
// first run in their mails and buttons. The second run must not give them to other conversations.
func TestSecondRestoreGivesNewIDsAndNumbers(t *testing.T) {
	t.Parallel()
	backupAt := time.Now().Add(-time.Hour)
	firstRun, secondRun := storetest.Reused(t), storetest.DB(t)
	restoreBackup(t, firstRun, backupAt)
	exec(t, secondRun, `UPDATE clock SET ahead = $1`, time.Minute)
	restoreBackup(t, secondRun, backupAt)

	// The first run gives many away before the second begins.
	_, lastID := drawIDs(t, firstRun, 100_000)
	_, lastNumber := drawNumbers(t, firstRun, 500)
	if firstID, _ := drawIDs(t, secondRun, 2); firstID <= lastID {
		t.Errorf("the second run gives the id %d, want one above %d, the last of the first run", firstID, lastID)
	}
	if firstNumber, _ := drawNumbers(t, secondRun, 2); firstNumber <= lastNumber {
		t.Errorf("the second run begins with #%d, want a number above #%d, the last of the first run", firstNumber, lastNumber)
	}
}

// A hundred restores in a row, each of a backup of a year ago, don't use up the ids.
func TestHundredRestoresLeaveIDs(t *testing.T) {
	t.Parallel()
	const largest = 1 << 53 // above it a number of JavaScript is not exact
	pool := storetest.Reused(t)
	for range 100 {
		restoreBackup(t, pool, time.Now().AddDate(-1, 0, 0))
	}
	var last int64
	check(t, pool.QueryRow(t.Context(), `SELECT last_value FROM ids`).Scan(&last))
	if last >= largest {
		t.Errorf("the last id is %d, want less than %d", last, largest)
	}
}

// A post was first tried ten days before the backup. After the restore, Parley looks for it, and notes the time of the
// restore with it, from which its time to be tried counts.
func TestRestoredPostIsLookedFor(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	pool := storetest.Reused(t)
	exec(t, pool, `INSERT INTO gates (id, account_id, key) OVERRIDING SYSTEM VALUE VALUES (1, 1, 'g')`)
	exec(t, pool, `INSERT INTO lanes (id, account_id, key, gate_id, tail, lease_seconds) VALUES (1, 1, 'c', 1, 1, 60)`)
	exec(t, pool, `
		INSERT INTO deliveries (id, lane_id, seq, kind, created_at, first_at)
		VALUES (1, 1, 1, 'said', parley_now(), clock_timestamp() - interval '30 days')`)
	restoreBackup(t, pool, time.Now().Add(-20*day))

	var (
		state               string
		isRestored          bool
		firstAt, restoredAt time.Time
	)
	const read = `SELECT state, first_at, (payload->>'restored')::boolean, (payload->>'restored_at')::timestamptz FROM deliveries`
	check(t, pool.QueryRow(t.Context(), read).Scan(&state, &firstAt, &isRestored, &restoredAt))
	if state != "unknown" {
		t.Errorf("the post is %q, want \"unknown\"", state)
	}
	if age := time.Since(firstAt); age < 29*day {
		t.Errorf("its first attempt was %s ago, want the 30 days that it was", age)
	}
	if !isRestored {
		t.Error("the post isn't marked as restored")
	}
	if age := time.Since(restoredAt); age > time.Minute {
		t.Errorf("it was restored %s ago, want less than a minute", age)
	}
}
