package schema_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"parley/store"
	"parley/store/retention"
	"parley/store/schema"
)

// The version before takes over what waits, in the order in which it came, and this version takes
// it over again. It is refused while a process runs, and once events were removed.
func TestMigrateThereAndBack(t *testing.T) {
	t.Parallel()
	pool := olderDatabase(t, 10)
	insert := func(names ...string) {
		t.Helper()
		for _, name := range names {
			exec(t, pool, `WITH e AS (INSERT INTO events (account_id, external_id, order_key, payload, size_bytes) VALUES (7, $1, left($1, 3), 'x', 1) RETURNING id, order_key)
				INSERT INTO pending (event_id, shard, order_key) SELECT id, 0, order_key FROM e`, name)
		}
	}
	waiting := func(sql string) string { t.Helper(); return row(t, pool, sql) }
	const queued = `SELECT string_agg(e.external_id, ' ' ORDER BY q.key, w.place) FROM queued AS w JOIN queues AS q ON q.id = w.queue_id JOIN events AS e ON e.id = w.event_id`
	const pending = `SELECT string_agg(e.external_id, ' ' ORDER BY p.order_key, e.id) FROM pending AS p JOIN events AS e ON e.id = p.event_id`
	insert("7/a1", "7/b1", "7/a2")
	check(t, schema.Migrate(t.Context(), pool))
	must(store.InsertEvents(t.Context(), pool, []store.NewEvent{{AccountID: 7, ExternalID: "7/a3", OrderKey: "7/a", Payload: []byte("x")}}))(t)
	insert("7/b2") // an old process beside the new one
	if got := waiting(queued); got != `("7/a1 7/a2 7/a3 7/b1 7/b2")` {
		t.Errorf("queued are %s, want %s", got, `("7/a1 7/a2 7/a3 7/b1 7/b2")`)
	}
	exec(t, pool, `UPDATE queues SET tries = 2 WHERE key = '7/a'`)

	exec(t, pool, `INSERT INTO leases (name, holder, until) VALUES ('process:3:x', 'x', clock_timestamp() + interval '1 minute')`)
	if err := schema.MigrateBack(t.Context(), pool); !errors.Is(err, schema.ErrNoWayBack) || !strings.Contains(err.Error(), "still runs") {
		t.Errorf("beside a process: %v", err)
	}
	exec(t, pool, `DELETE FROM leases`)
	check(t, schema.MigrateBack(t.Context(), pool))
	if got := waiting(pending); got != `("7/a1 7/a2 7/a3 7/b1 7/b2")` {
		t.Errorf("pending are %s, want %s", got, `("7/a1 7/a2 7/a3 7/b1 7/b2")`)
	}
	if got := waiting(`SELECT string_agg(order_key || tries, ' ' ORDER BY event_id) FROM pending WHERE tries > 0`); got != "(7/a2)" {
		t.Errorf("tried are %s, want (7/a2)", got)
	}
	insert("7/a4")
	if got := waiting(`SELECT count(*) FROM pending`); got != "(6)" {
		t.Errorf("%s events are pending, want (6): what the version before queues is not taken away", got)
	}

	check(t, schema.Migrate(t.Context(), pool))
	if got, want := waiting(queued), `("7/a1 7/a2 7/a3 7/a4 7/b1 7/b2")`; got != want {
		t.Errorf("queued again are %s, want %s", got, want)
	}
	check(t, retention.AllowDropping(t.Context(), pool, -time.Second))
	if err := schema.MigrateBack(t.Context(), pool); !errors.Is(err, schema.ErrNoWayBack) || !strings.Contains(err.Error(), "restore the backup") {
		t.Errorf("after events were removed: %v", err)
	}
}
