package schema_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store/schema"
	"parley/store/storetest"
)

// Each fact that the traffic accepted was applied or waits in a queue, once, and in each queue those that were
// applied are the older ones. trafficInOrder counts the facts, those that are neither or both, and those that are
// behind a newer one.
const trafficInOrder = `
	WITH facts AS (
		SELECT e.id, e.order_key AS key, convert_from(e.payload, 'UTF8')::bigint AS n, m.n AS applied, w.n AS waiting, w.place
		FROM events AS e
		CROSS JOIN LATERAL (SELECT count(*) AS n FROM messages AS m WHERE m.event_id = e.id) AS m
		CROSS JOIN LATERAL (SELECT count(*) AS n, max(w.place) AS place FROM queued AS w WHERE w.event_id = e.id) AS w
		WHERE e.order_key LIKE '7/new%'
	), placed AS (
		SELECT *, lag(n) OVER (PARTITION BY key ORDER BY waiting, place, n) AS before FROM facts
	)
	SELECT count(*), count(*) FILTER (WHERE applied + waiting <> 1), count(*) FILTER (WHERE n < before) FROM placed`

// The tables of a year are brought up to date while replicas of the version before accept, apply, post and look. Each
// of their statements waits for a few tries of the migration to get a lock, and never for its work. Nothing is lost,
// doubled or reordered, and the replicas go on afterwards. The long form of the test has a million rows in each
// table.
func TestMigrateBesideTraffic(t *testing.T) {
	t.Parallel()
	t.Run("from the last schema without queues", func(t *testing.T) {
		t.Parallel()
		migrateBesideTraffic(t, filledAtTen(t, rowsOfAYear()))
	})
	t.Run("from a schema with full queues", func(t *testing.T) {
		t.Parallel()
		pool := filledAtTen(t, rowsOfAYear())
		migrateTo(t, pool, 59)
		exec(t, pool, fillQueues)
		exec(t, pool, `ANALYZE queues`)
		migrateBesideTraffic(t, pool)
	})
}

// rowsOfAYear returns how many rows each table has that grows with what is said.
func rowsOfAYear() int64 {
	if storetest.LongForm() {
		return 1_000_000
	}
	return 4_000
}

// isFunctionReplaced reports whether a statement failed because it looked up parley_now() while a migration (0022)
// made it a function of PL/pgSQL, which was one of SQL: PostgreSQL then took the new text for the old language.
// Parley repeats what fails.
func isFunctionReplaced(err error) bool {
	var refused *pgconn.PgError
	return errors.As(err, &refused) && refused.Code == "42601" && strings.Contains(refused.Message, `near "RETURN"`)
}

func migrateBesideTraffic(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	tr := &traffic{pool: pool}

	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var group sync.WaitGroup
	longest := make(chan string, len(tr.rounds())) // the longest time of each kind of round, which is only logged
	done := map[string]*atomic.Int64{}
	for name, do := range tr.rounds() {
		n := &atomic.Int64{}
		done[name] = n
		group.Go(func() {
			var worst time.Duration
			for ; ctx.Err() == nil; rest(ctx) {
				began := time.Now()
				err := do(context.WithoutCancel(ctx), n.Load())
				if isFunctionReplaced(err) {
					err = do(context.WithoutCancel(ctx), n.Load())
				}
				if err != nil {
					t.Errorf("%s: %v", name, err)
					stop()
				}
				worst = max(worst, time.Since(began))
				n.Add(1)
			}
			longest <- fmt.Sprintf("%s %s", name, worst.Round(time.Millisecond))
		})
	}

	var seen *waits
	group.Go(func() { seen = watch(ctx, t, pool) })

	goOn := func() { // until each has done some more rounds
		for name, n := range done {
			for upto := n.Load() + 20; n.Load() < upto && ctx.Err() == nil; {
				rest(ctx)
			}
			t.Log(name, "rounds:", n.Load())
		}
	}

	goOn()
	began := time.Now()
	check(t, schema.Migrate(t.Context(), pool))
	took := time.Since(began)
	tr.newer.Store(true)
	goOn()
	stop()
	group.Wait()

	t.Logf("migrated in %s; facts that were accepted: %d", took.Round(time.Millisecond), tr.accepted.Load())
	for range done {
		t.Log("the longest round:", <-longest)
	}
	if got := row(t, pool, trafficInOrder); got != fmt.Sprintf("(%d,0,0)", tr.accepted.Load()) {
		t.Errorf("facts, those that are not applied or waiting once, and those out of order are %s, not (%d,0,0)", got, tr.accepted.Load())
	}
	seen.judge(t)
}
