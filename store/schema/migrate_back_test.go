package schema_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/schema"
	"parley/store/storetest"
)

// addPending stores events as the version before does, and queues them in its table. The first three letters of a
// name, such as "7/a", are the event's key.
func addPending(t *testing.T, pool *pgxpool.Pool, names ...string) {
	t.Helper()
	for _, name := range names {
		exec(t, pool, `
			WITH e AS (
				INSERT INTO events (account_id, external_id, order_key, payload, size_bytes)
				VALUES (7, $1, left($1, 3), 'x', 1)
				RETURNING id, order_key
			)
			INSERT INTO pending (event_id, shard, order_key) SELECT id, 0, order_key FROM e`, name)
	}
}

// checkNames compares the names that a query gives in one array.
func checkNames(t *testing.T, pool *pgxpool.Pool, what, sql string, want ...string) {
	t.Helper()
	var got []string
	check(t, pool.QueryRow(t.Context(), sql).Scan(&got))
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// checkNoWayBack checks that the way back is refused, for a reason.
func checkNoWayBack(t *testing.T, pool *pgxpool.Pool, when, reason string) {
	t.Helper()
	err := schema.MigrateBack(t.Context(), pool)
	if !errors.Is(err, schema.ErrNoWayBack) {
		t.Fatalf("%s: MigrateBack ended with %v, want %v", when, err, schema.ErrNoWayBack)
	}
	if !strings.Contains(err.Error(), reason) {
		t.Errorf("%s: the error is %q, want %q in it", when, err, reason)
	}
}

// The version before takes over what waits, in the order in which it came, and this version takes it over again. The
// way back is refused while a process runs, and once events were removed.
func TestMigrateThereAndBack(t *testing.T) {
	t.Parallel()
	const queued = `
		SELECT array_agg(e.external_id ORDER BY q.key, w.place)
		FROM queued AS w
		JOIN queues AS q ON q.id = w.queue_id
		JOIN events AS e ON e.id = w.event_id`
	const pending = `
		SELECT array_agg(e.external_id ORDER BY p.order_key, e.id)
		FROM pending AS p
		JOIN events AS e ON e.id = p.event_id`
	const tried = `
		SELECT array_agg(e.external_id ORDER BY e.id)
		FROM pending AS p
		JOIN events AS e ON e.id = p.event_id
		WHERE p.tries = 2`
	pool := olderDatabase(t, 10)

	// There: what waited, and what an old process beside the new one adds, is queued.
	addPending(t, pool, "7/a1", "7/b1", "7/a2")
	check(t, schema.Migrate(t.Context(), pool))
	must(store.InsertEvents(t.Context(), pool, []store.NewEvent{{AccountID: 7, ExternalID: "7/a3", OrderKey: "7/a", Payload: []byte("x")}}))(t)
	addPending(t, pool, "7/b2")
	checkNames(t, pool, "queued", queued, "7/a1", "7/a2", "7/a3", "7/b1", "7/b2")

	// Back: the tries of a queue are those of its first event.
	exec(t, pool, `UPDATE queues SET tries = 2 WHERE key = '7/a'`)
	exec(t, pool, `INSERT INTO leases (name, holder, until) VALUES ('process:3:x', 'x', clock_timestamp() + interval '1 minute')`)
	checkNoWayBack(t, pool, "beside a process", "still runs")
	exec(t, pool, `DELETE FROM leases`)
	check(t, schema.MigrateBack(t.Context(), pool))
	checkNames(t, pool, "pending", pending, "7/a1", "7/a2", "7/a3", "7/b1", "7/b2")
	checkNames(t, pool, "tried twice", tried, "7/a1")
	if n := row(t, pool, `SELECT count(*) FROM pending WHERE tries > 0`); n != "(1)" {
		t.Errorf("%s pending events were tried, want (1)", n)
	}
	addPending(t, pool, "7/a4")
	checkNames(t, pool, "pending, with what the version before queues", pending, "7/a1", "7/a2", "7/a3", "7/a4", "7/b1", "7/b2")

	// There again, and no way back once events were removed.
	check(t, schema.Migrate(t.Context(), pool))
	checkNames(t, pool, "queued again", queued, "7/a1", "7/a2", "7/a3", "7/a4", "7/b1", "7/b2")
	check(t, store.AllowDroppingEvents(t.Context(), pool, -time.Second))
	checkNoWayBack(t, pool, "after events were removed", "restore the backup")
}

// A new database has these first tags.
func TestFirstTags(t *testing.T) {
	t.Parallel()
	checkNames(t, storetest.DB(t), "tags", `SELECT array_agg(concat_ws('|', name, color, category, kind, formerly::text, active) ORDER BY name)
		FROM tags`,
		"Billing|#0e7490|topic|tag|{}|t",
		"Billing Issue|#b45309|issue|tag|{}|t",
		"Bug Report|#b91c1c|workflow|label|{}|t",
		"Complaint|#b91c1c|issue|tag|{}|t",
		"Escalated|#dc2626|workflow|label|{}|t",
		"Feature Request|#4338ca|workflow|label|{}|t",
		"Follow-up Required|#b45309|workflow|label|{}|t",
		"New User|#15803d|segment|tag|{}|t",
		"Product Question|#4338ca|issue|tag|{}|t",
		"Sales|#0f766e|topic|tag|{}|t",
		"Support|#1d4ed8|topic|tag|{}|t",
		"Technical Issue|#7c3aed|issue|tag|{}|t",
		"Urgent|#dc2626|priority|tag|{}|t",
		"VIP Customer|#a16207|segment|tag|{}|t",
	)
}
