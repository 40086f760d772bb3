package restore_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/restore"
	"parley/store/storetest"
)

var check, exec, row = storetest.Check, storetest.Exec, storetest.Row

// restored makes a new database one into which a backup was restored, some time after the backup.
func restored(t *testing.T, backupAt time.Time, later time.Duration) *pgxpool.Pool {
	t.Helper()
	pool := storetest.DB(t)
	exec(t, pool, `UPDATE clock SET ahead = $1`, later)
	check(t, restore.Begin(t.Context(), pool, "test"))
	_, err := restore.Finish(t.Context(), pool, backupAt)
	check(t, err)
	return pool
}

// given draws so many ids and conversation numbers, and returns the first and the last of each.
func given(t *testing.T, pool *pgxpool.Pool, ids, numbers int) (firstID, lastID int64, first, last store.ConversationID) {
	t.Helper()
	var list store.IDs
	check(t, list.Ensure(t.Context(), pool, ids))
	firstID = list.Next()
	for range ids - 1 {
		lastID = list.Next()
	}
	drawn, err := store.ConversationNumbers(t.Context(), pool, numbers)
	check(t, err)
	return firstID, lastID, drawn[0], drawn[numbers-1]
}

// The same backup is restored twice: what the first run gave to customers and colleagues stands in their mails and buttons,
// and must not mean another conversation in the second.
func TestSameBackupTwice(t *testing.T) {
	t.Parallel()
	backupAt := time.Now().Add(-time.Hour)
	_, lastID, _, last := given(t, restored(t, backupAt, 0), 100_000, 500)
	firstID, _, first, _ := given(t, restored(t, backupAt, time.Minute), 2, 2)
	if firstID <= lastID {
		t.Errorf("the second run gives the id %d, the first gave %d", firstID, lastID)
	}
	if first <= last {
		t.Errorf("the second run begins with #%d, the first gave #%d", first, last)
	}
}

// There is room for as many restores one after the other as anybody will make, each of an old backup.
func TestManyRestores(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	for range 100 {
		check(t, restore.Begin(t.Context(), pool, "test"))
		_, err := restore.Finish(t.Context(), pool, time.Now().AddDate(-1, 0, 0))
		check(t, err)
	}
	if got := row(t, pool, `SELECT last_value < 9007199254740992 FROM ids`); got != "(t)" { // 2^53
		t.Errorf("a hundred restores use up the ids: %s", row(t, pool, `SELECT last_value FROM ids`))
	}
}

// A post that was tried long before the backup is looked for from then on, and tried as long as one whose first attempt comes after
// the restore.
func TestRestoredPost(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	exec(t, pool, `INSERT INTO gates (id, account_id, key) OVERRIDING SYSTEM VALUE VALUES (1, 1, 'g')`)
	exec(t, pool, `INSERT INTO lanes (id, account_id, key, gate_id, tail, lease_seconds) VALUES (1, 1, 'c', 1, 1, 60)`)
	exec(t, pool, `INSERT INTO deliveries (id, lane_id, seq, kind, created_at, first_at)
		VALUES (1, 1, 1, 'said', parley_now(), clock_timestamp() - interval '30 days')`)
	check(t, restore.Begin(t.Context(), pool, "test"))
	_, err := restore.Finish(t.Context(), pool, time.Now().Add(-20*24*time.Hour))
	check(t, err)
	if got := row(t, pool, `SELECT state, first_at < clock_timestamp() - interval '29 days', payload->'restored',
		(payload->>'restored_at')::timestamptz > clock_timestamp() - interval '1 minute' FROM deliveries`); got != "(unknown,t,true,t)" {
		t.Errorf("it is %s, want (unknown,t,true,t)", got)
	}
}

// A restored Parley first served while the database's clock was a day ahead. Once the clock is right, that is not the time
// before which everything counts as typed.
func TestServedAhead(t *testing.T) {
	t.Parallel()
	pool := restored(t, time.Now().Add(-time.Hour), 0)
	_, err := restore.ServedSince(t.Context(), pool)
	check(t, err)
	exec(t, pool, `UPDATE restores SET served_at = served_at + interval '1 day'`)
	since, err := restore.ServedSince(t.Context(), pool)
	check(t, err)
	if got := row(t, pool, `SELECT clock_timestamp()`); since.After(time.Now().Add(time.Hour)) {
		t.Errorf("it serves since %s, and it is %s", since, got)
	}
	again, err := restore.ServedSince(t.Context(), pool)
	check(t, err)
	if !again.Equal(since) {
		t.Errorf("served since %s, then since %s", since, again)
	}
}
