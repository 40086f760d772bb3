package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/storetest"
)

// queueAccount is the account whose events the tests of this file queue.
const queueAccount = store.AccountID(30)

func newQueueAccount(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	exec(t, pool, `INSERT INTO accounts (id, name, kind, side) VALUES ($1, 'chat', 'x', 'channel')`, queueAccount)
}

// newHolder returns the number under which an applier takes queues. The applier holds them until the end of the test.
func newHolder(t *testing.T, pool *pgxpool.Pool) int {
	t.Helper()
	conn := must(pool.Acquire(t.Context()))(t)
	t.Cleanup(conn.Release)
	return must(store.AddHolder(t.Context(), conn, time.Hour))(t)
}

// newQueueEvents returns events with the external ids prefix0, prefix1 and so on, one for each order key.
func newQueueEvents(prefix string, orderKeys []string) []store.NewEvent {
	var events []store.NewEvent
	for i, key := range orderKeys {
		events = append(events, store.NewEvent{AccountID: queueAccount, ExternalID: fmt.Sprint(prefix, i), OrderKey: key, Payload: []byte("x")})
	}
	return events
}

// takeQueues takes up to this many events from the queues that have been due since a time.
func takeQueues(t *testing.T, pool *pgxpool.Pool, holder, events int, since time.Time) []store.Run {
	t.Helper()
	taken := must(store.TakeRuns(t.Context(), pool, store.Take{
		Holder:  holder,
		Version: store.FactVersion,
		PerKey:  32,
		Bytes:   1 << 20,
		Shares:  []store.Share{{Account: queueAccount, Events: events, From: since}},
	}))(t)
	return taken.Runs
}

// insertSQLArguments returns the arguments of store.InsertEventsSQL for some events. Their hashes were never seen
// before.
func insertSQLArguments(events []store.NewEvent) []any {
	var accounts, sizes []int64
	var externalIDs, orderKeys, payloads, none, unseen []string
	for i, e := range events {
		accounts, sizes, none = append(accounts, int64(e.AccountID)), append(sizes, 1), append(none, "")
		externalIDs, orderKeys, payloads = append(externalIDs, e.ExternalID), append(orderKeys, e.OrderKey), append(payloads, "x")
		unseen = append(unseen, fmt.Sprintf("00000000-0000-0000-0000-%012d", i+1))
	}
	blobs, quarantine, shares := none, none, accounts
	return []any{accounts, externalIDs, orderKeys, payloads, blobs, sizes, quarantine, shares, unseen, unseen}
}

// takeSQLArguments returns the arguments of store.TakeRunsSQL for up to this many events from the queues that have
// been due since a time.
func takeSQLArguments(holder int, events int32, since string) []any {
	const perKey, bytes = 32, int64(1 << 20)
	return []any{[]int64{int64(queueAccount)}, []int32{events}, []string{since}, store.FactVersion, perKey, bytes, holder}
}

// releaseSQLArguments returns the arguments of store.ReleaseRunsSQL for runs, of each of which done events are done.
func releaseSQLArguments(runs []store.Run, done int) []any {
	var queues, epochs, first, last []int64
	for _, r := range runs {
		queues, epochs = append(queues, r.Queue), append(epochs, r.Epoch)
		first, last = append(first, r.Places[0]), append(last, r.Places[done-1])
	}
	n := len(runs)
	after, waitsFor, waits, tries, suspects := make([]float64, n), make([]string, n), make([]int32, n), make([]int32, n), make([]int64, n)
	return []any{queues, epochs, first, last, after, waitsFor, waits, tries, suspects}
}

func releaseRuns(t *testing.T, pool *pgxpool.Pool, runs []store.Run, done int) {
	t.Helper()
	var releases []store.Release
	for _, r := range runs {
		releases = append(releases, r.Release(done))
	}
	check(t, store.ReleaseRuns(t.Context(), pool, releases))
}

// passThrough stores n events of 2000 customers and applies them, 500 at a time. from is the number of the first
// event.
func passThrough(t *testing.T, pool *pgxpool.Pool, holder, from, n int) {
	t.Helper()
	const together, customers = 500, 2000
	for first := from; first < from+n; first += together {
		var keys []string
		for k := range together {
			keys = append(keys, fmt.Sprintf("%d/c%d", queueAccount, (first+k)%customers))
		}
		since := time.Now().Add(-2 * time.Second) // all earlier events have been applied
		must(store.InsertEvents(t.Context(), pool, newQueueEvents(fmt.Sprintf("e%d-", first), keys)))(t)

		for left := together; left > 0; {
			runs := takeQueues(t, pool, holder, 256, since)
			if len(runs) == 0 {
				t.Fatalf("nothing was taken, though %d events wait", left)
			}
			for _, r := range runs {
				left -= len(r.Events)
				check(t, store.ReleaseRuns(t.Context(), pool, []store.Release{r.Release(len(r.Events))}))
			}
		}
	}
}

// pagesOfQueueStatements returns how many pages each statement of the queues looks at while one event waits. name
// becomes part of the events' external ids.
func pagesOfQueueStatements(t *testing.T, pool *pgxpool.Pool, holder int, name string) map[string]float64 {
	t.Helper()
	var now time.Time // the time before it has only remains of applied events
	check(t, pool.QueryRow(t.Context(), `SELECT clock_timestamp()`).Scan(&now))
	since := now.Format(time.RFC3339Nano)
	must(store.InsertEvents(t.Context(), pool, newQueueEvents("waits "+name, []string{"30/c7"})))(t)

	pages := map[string]float64{}
	explain := func(statement, sql string, args ...any) {
		pages[statement] = storetest.ExplainHot(t, pool, sql, args...).Buffers()
	}
	explain("take", store.TakeRunsSQL, takeSQLArguments(holder, 64, since)...)
	explain("sweep", store.SharesDueSQL, []int64{int64(queueAccount)}, []string{since}, false)
	explain("waiting", store.FindWaitingSQL, store.FactVersion)
	explain("accept", store.InsertEventsSQL, insertSQLArguments(newQueueEvents("new "+name, []string{"30/c8", "30/c9"}))...)

	runs := takeQueues(t, pool, holder, 256, time.Time{})[:1]
	explain("finish", store.ReleaseRunsSQL, releaseSQLArguments(runs, 1)...)
	releaseRuns(t, pool, runs, 1)
	return pages
}

// While a snapshot is held, as each backup does, PostgreSQL can't clean away the rows of events that were applied.
// The statements of the queues still cost about the same.
func TestQueuesUnderAHeldSnapshot(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	newQueueAccount(t, pool)
	holder := newHolder(t, pool)
	events := 4000
	if storetest.LongForm() {
		events = 1_000_000
	}

	const eventsBefore = 2000
	passThrough(t, pool, holder, 0, eventsBefore)
	exec(t, pool, `VACUUM ANALYZE queues`)
	exec(t, pool, `VACUUM ANALYZE queue_events`)
	before := pagesOfQueueStatements(t, pool, holder, "before")

	dump := storetest.OpenDump(t, pool)
	passThrough(t, pool, holder, eventsBefore, events)
	exec(t, pool, `VACUUM queues`)
	exec(t, pool, `VACUUM queue_events`)
	after := pagesOfQueueStatements(t, pool, holder, "after")
	check(t, dump.Rollback(t.Context()))

	t.Logf("pages before the snapshot %v, after %d events under it %v", before, events, after)
	for statement, pages := range after {
		if limit := 2*before[statement] + 10; pages > limit {
			t.Errorf("%s looks at %.0f pages, before the snapshot at %.0f, want at most %.0f", statement, pages, before[statement], limit)
		}
	}
}

// Events that wait for a post to be recorded, or for an account to be opened, are found and told apart.
func TestFindWaiting(t *testing.T) {
	t.Parallel()
	pool, ctx := storetest.Reused(t), t.Context()
	newQueueAccount(t, pool)
	must(store.InsertEvents(ctx, pool, newQueueEvents("e", []string{"30/c1"})))(t)

	tests := []struct {
		name         string
		waitsFor     string
		wantPosts    bool
		wantOpenings bool
	}{
		{name: "post", waitsFor: store.AwaitedPost(queueAccount, "C0SUPPORT", "1764000000.000100"), wantPosts: true},
		{name: "id that begins like a post", waitsFor: store.AwaitedID(queueAccount, "poster:1")},
		{name: "opening of an account", waitsFor: store.AwaitedOpening(queueAccount), wantOpenings: true},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			exec(t, pool, `UPDATE queues SET waits_for = $1`, tt.waitsFor)
			found := must(store.FindWaiting(ctx, pool, store.FactVersion))(t)
			if found.ForPosts != tt.wantPosts {
				t.Errorf("an event that waits for %s waits for a post: %t, want %t", tt.waitsFor, found.ForPosts, tt.wantPosts)
			}
			if found.ToOpen != tt.wantOpenings {
				t.Errorf("an event that waits for %s waits for an opening: %t, want %t", tt.waitsFor, found.ToOpen, tt.wantOpenings)
			}
		})
	}
}
