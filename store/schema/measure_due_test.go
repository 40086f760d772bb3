package schema_test

import (
	"testing"

	"parley/store"
	"parley/store/schema"
)

// A conversation that was changed and not measured before the upgrade is due after it. It is also due if a process of
// the version before writes to it meanwhile. What this version writes makes it due only where the code says so.
func TestDueAfterAnUpgrade(t *testing.T) {
	t.Parallel()
	pool := olderDatabase(t, 36)
	exec(t, pool, `INSERT INTO accounts (id, name, kind, side) OVERRIDING SYSTEM VALUE VALUES (7, 'mail', 'email', 'channel')`)
	exec(t, pool, `INSERT INTO conversations (id, account_id, status, last_at, created_at) SELECT n, 7, 'open', now(), now()
		FROM generate_series(1, 9) AS n`)
	const (
		message = `INSERT INTO messages (id, conversation_id, direction, fate, said_at, created_at) VALUES ($1, $1, 'in', 'in', now(), now())`
		logged  = `INSERT INTO log_entries (id, conversation_id, at, actor, what) VALUES ($1, $1, now(), 'customer', 'opened')`
		due     = `SELECT coalesce(array_agg(DISTINCT id ORDER BY id), '{}') FROM measure_due, unnest(conversations) AS id`
	)

	exec(t, pool, message, 1)
	exec(t, pool, `UPDATE measured SET upto = pg_current_xact_id()`) // not by the oldest of all transactions: other tests have some
	exec(t, pool, message, 2)
	exec(t, pool, logged, 3)

	check(t, schema.Migrate(t.Context(), pool))
	if got := row(t, pool, due); got != `("{2,3}")` {
		t.Errorf("due after the upgrade are %s, want %s", got, `("{2,3}")`)
	}

	exec(t, pool, `DELETE FROM measure_due`)
	exec(t, pool, message, 4)
	exec(t, pool, logged, 5)
	exec(t, pool, `UPDATE messages SET fate = 'in', changed = pg_current_xact_id() WHERE id = 2`)
	check(t,
		store.InsertMessages(t.Context(), pool, []store.Message{{ID: 6, ConversationID: 6, Direction: store.DirectionIn, Fate: store.FateIn}}))
	check(t,
		store.UpdateMessages(t.Context(), pool, []store.Message{{ID: 1, ConversationID: 1, Direction: store.DirectionIn, Fate: store.FateIn}}))
	check(t, store.InsertLog(t.Context(), pool,
		[]store.LogEntry{{ID: 7, ConversationID: 7, Actor: store.ByParley, What: store.DeedResolved, Detail: []byte("{}")}}))
	if got := row(t, pool, due); got != `("{2,4,5}")` {
		t.Errorf("due by what the version before writes are %s, want %s", got, `("{2,4,5}")`)
	}
}
