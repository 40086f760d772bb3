package schema_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/schema"
	"parley/store/storetest"
)

// acceptAtTen accepts a fact as a process of schema 10 does.
const acceptAtTen = `
	WITH e AS (
		INSERT INTO events (account_id, external_id, order_key, payload, size_bytes)
		VALUES (7, $1 || '-' || $2::bigint, $1, convert_to($2::text, 'UTF8'), 1)
		RETURNING id, order_key
	)
	INSERT INTO pending (event_id, shard, order_key)
	SELECT id, 0, order_key FROM e`

// These statements fill a journal with $1 events in 1,000 queues, every second of which is still to be applied. The
// payload says which one of its queue an event is.
const (
	fillEvents = `
		INSERT INTO events (account_id, external_id, order_key, payload, size_bytes)
		SELECT 7, '7/k' || n % 1000 || '-' || n / 1000, '7/k' || n % 1000, convert_to((n / 1000)::text, 'UTF8'), 1
		FROM generate_series(0, $1::bigint - 1) AS n
		ORDER BY n`
	fillPending = `INSERT INTO pending (event_id, shard, order_key) SELECT id, 0, order_key FROM events WHERE id % 2 = 0`
)

// queuedInOrder counts the events in queues, those that stand behind one that came later, and those that weren't
// pending.
const queuedInOrder = `
	SELECT count(*), count(*) FILTER (WHERE n <= before), count(*) FILTER (WHERE NOT expected)
	FROM (
		SELECT convert_from(e.payload, 'UTF8')::bigint AS n,
			lag(convert_from(e.payload, 'UTF8')::bigint) OVER (PARTITION BY w.queue_id ORDER BY w.place) AS before,
			e.id % 2 = 0 OR e.id > $1 AS expected
		FROM queued AS w
		JOIN events AS e ON e.id = w.event_id
	) AS all_of_them`

// writer accepts facts of its own queues, each numbered in its queue, as a process of the version before does, or as
// one of this version does.
type writer struct {
	pool  *pgxpool.Pool
	first int
	next  int64
	wrote int
	worst time.Duration
}

func (w *writer) write(ctx context.Context, newer bool) error {
	key := fmt.Sprintf("7/k%d", w.first+w.wrote%10)
	began := time.Now()
	w.next++
	w.wrote++
	var err error
	if newer {
		_, err = store.InsertEvents(ctx, w.pool,
			[]store.NewEvent{{AccountID: 7, ExternalID: fmt.Sprintf("%s-%d", key, w.next), OrderKey: key, Payload: []byte(fmt.Sprint(w.next))}})
	} else {
		_, err = w.pool.Exec(ctx, acceptAtTen, key, w.next)
	}
	w.worst = max(w.worst, time.Since(began))
	return err
}

// The journal's queues are moved to their new form while processes of the version before accept facts, and while a
// process of this version begins. No event is lost, doubled or reordered, and none that was applied comes back. The
// long form of the test moves half a million of a million events.
func TestMigrateUnderLoad(t *testing.T) {
	t.Parallel()
	rows := int64(5_000)
	if storetest.LongForm() {
		rows = 1_000_000
	}
	pool := olderDatabase(t, 10)
	exec(t, pool, fillEvents, rows)
	exec(t, pool, fillPending)
	exec(t, pool, `ANALYZE`)

	var newer atomic.Bool
	ctx, stop := context.WithCancel(t.Context())
	writers := make([]*writer, 4)
	var group sync.WaitGroup
	busy := make(chan struct{}, len(writers))
	for i := range writers {
		w := &writer{pool: pool, first: 10 * i, next: rows}
		writers[i] = w
		group.Go(func() {
			for ; ctx.Err() == nil; rest(ctx) {
				if err := w.write(context.WithoutCancel(ctx), newer.Load() && w.wrote%2 == 0); err != nil {
					t.Error(err)
					return
				}
				if w.wrote == 10 {
					busy <- struct{}{}
				}
			}
		})
	}

	var other time.Duration
	group.Go(func() { other = longest(ctx, t, pool, `SELECT 1`) })
	for range writers {
		<-busy
	}

	began := time.Now()
	check(t, schema.Migrate(t.Context(), pool))
	took := time.Since(began)
	newer.Store(true)
	before := row(t, pool, `SELECT count(*) FROM events`)
	for row(t, pool, `SELECT count(*) FROM events`) == before { // some come from both versions
		rest(t.Context())
	}

	stop()
	group.Wait()

	want, worst := rows/2, time.Duration(0)
	for _, w := range writers {
		want += int64(w.wrote)
		worst = max(worst, w.worst)
	}
	t.Logf("%d events moved in %s beside %d that came; who accepted waited %s at most, what needs no table %s",
		rows/2, took, want-rows/2, worst, other)
	if got := row(t, pool, queuedInOrder, rows); got != fmt.Sprintf("(%d,0,0)", want) {
		t.Errorf("queued, out of order and applied before are %s, not (%d,0,0)", got, want)
	}
	if left := row(t, pool, `SELECT count(*) FROM pending`); left != "(0)" {
		t.Errorf("%s are still pending", left)
	}
}
