package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/plantest"
	"parley/store/storetest"
)

// passThrough has events of many customers stored and applied, some at a time.
func passThrough(t *testing.T, pool *pgxpool.Pool, account store.AccountID, holder, from, n int) {
	t.Helper()
	const together, customers = 500, 2000
	for i := from; i < from+n; i += together {
		var events []store.NewEvent
		for k := range together {
			events = append(events, store.NewEvent{AccountID: account, ExternalID: fmt.Sprint("e", i+k), OrderKey: fmt.Sprintf("%d/c%d", account, (i+k)%customers), Payload: []byte("x")})
		}
		from := time.Now().Add(-2 * time.Second) // nothing is left of what came before
		must(store.InsertEvents(t.Context(), pool, events))(t)
		for left := together; left > 0; {
			taken := must(store.TakeRuns(t.Context(), pool, store.Take{Holder: holder, Version: store.FactVersion, PerKey: 32, Bytes: 1 << 20,
				Shares: []store.Share{{Account: account, Events: 256, From: from}}}))(t)
			if len(taken.Runs) == 0 {
				t.Fatal("nothing was taken")
			}
			var done []store.Release
			for _, r := range taken.Runs {
				left -= len(r.Events)
				done = append(done, r.Release(len(r.Events)))
			}
			check(t, store.ReleaseRuns(t.Context(), pool, done))
		}
	}
}

// While a snapshot is held, as by each backup, nothing that has passed through the queues can be
// cleaned away. They cost about the same all the same.
func TestQueuesUnderAHeldSnapshot(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	const account = 30
	exec(t, pool, `INSERT INTO accounts (id, name, kind, side) VALUES (30, 'chat', 'x', 'channel')`)
	events := 30_000
	if storetest.LongForm() {
		events = 1_000_000
	}
	conn := must(pool.Acquire(t.Context()))(t)
	defer conn.Release()
	holder := must(store.AddHolder(t.Context(), conn, time.Hour))(t)
	pages := func(sql string, args ...any) float64 { return plantest.ExplainHot(t, pool, sql, args...).Buffers() }
	measure := func(when string, n int) map[string]float64 {
		var now time.Time // since then nothing has passed through: before it there are only remains
		check(t, pool.QueryRow(t.Context(), `SELECT clock_timestamp()`).Scan(&now))
		must(store.InsertEvents(t.Context(), pool, []store.NewEvent{{AccountID: account, ExternalID: "waits " + when, OrderKey: "30/c7", Payload: []byte("x")}}))(t)
		unseen := []string{"00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002"}
		since := []string{now.Format(time.RFC3339Nano)}
		cost := map[string]float64{
			"take":    pages(store.TakeRunsSQL, []int64{account}, []int32{64}, since, store.FactVersion, 32, int64(1<<20), holder),
			"sweep":   pages(store.SharesDueSQL, []int64{account}, since, false),
			"waiting": pages(store.FindWaitingSQL, store.FactVersion),
			"accept": pages(store.InsertEventsSQL, []int64{account, account}, []string{"new1 " + when, "new2 " + when}, []string{"30/c8", "30/c9"},
				[]string{"x", "x"}, []string{"", ""}, []int64{1, 1}, []string{"", ""}, []int64{account, account}, unseen, unseen),
		}
		taken := must(store.TakeRuns(t.Context(), pool, store.Take{Holder: holder, Version: store.FactVersion, PerKey: 32, Bytes: 1 << 20,
			Shares: []store.Share{{Account: account, Events: 256}}}))(t)
		r := taken.Runs[0]
		cost["finish"] = pages(store.ReleaseRunsSQL, []int64{r.Queue}, []int64{r.Epoch}, r.Places[:1], r.Places[:1], []float64{0}, []string{""}, []int32{0}, []int32{0}, []int64{0})
		check(t, store.ReleaseRuns(t.Context(), pool, []store.Release{r.Release(1)}))
		t.Logf("%s, %7d events: %v", when, n, cost)
		return cost
	}
	passThrough(t, pool, account, holder, 0, 2000)
	exec(t, pool, `VACUUM ANALYZE queues`)
	exec(t, pool, `VACUUM ANALYZE queue_events`)
	first := measure("before", 0)
	dump := storetest.OpenDump(t, pool)
	passThrough(t, pool, account, holder, 2000, events)
	exec(t, pool, `VACUUM queues`)
	exec(t, pool, `VACUUM queue_events`)
	last := measure("after", events)
	check(t, dump.Rollback(t.Context()))
	for what, pages := range last {
		if most := 2*first[what] + 10; pages > most {
			t.Errorf("%s looks at %.0f pages, before the snapshot at %.0f, want at most %.0f", what, pages, first[what], most)
		}
	}
}

// A statement of the queues has as much work for a row of a large batch as for one of a small one,
// also when the rows go behind others, or have others behind them.
func TestQueueStatementsGrowWithTheirRows(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	const account, few, many = 30, 16, 240
	exec(t, pool, `INSERT INTO accounts (id, name, kind, side) VALUES (30, 'chat', 'x', 'channel')`)
	conn := must(pool.Acquire(t.Context()))(t)
	defer conn.Release()
	holder := must(store.AddHolder(t.Context(), conn, time.Hour))(t)
	effort := map[string][]float64{}
	measure := func(name, sql string, args ...any) {
		effort[name] = append(effort[name], plantest.ExplainHot(t, pool, sql, args...).Effort())
	}
	for _, n := range []int{few, many} {
		accounts, keys, xs, empty, sizes := make([]int64, n), make([]string, n), make([]string, n), make([]string, n), make([]int64, n)
		for i := range n {
			accounts[i], keys[i], xs[i], sizes[i] = account, fmt.Sprintf("30/c%d-%d", n, i), "x", 1
		}
		accept := func(name string) {
			var external, unseen []string
			var events []store.NewEvent
			for i := range n {
				external, unseen = append(external, fmt.Sprint(name, n, "-", i)), append(unseen, fmt.Sprintf("00000000-0000-0000-0000-%012d", i))
				events = append(events, store.NewEvent{AccountID: account, ExternalID: external[i], OrderKey: keys[i], Payload: []byte("x")})
			}
			measure("accept "+name, store.InsertEventsSQL, accounts, external, keys, xs, empty, sizes, empty, accounts, unseen, unseen)
			must(store.InsertEvents(t.Context(), pool, events))(t)
		}
		accept("first")
		accept("behind")
		measure("take", store.TakeRunsSQL, []int64{account}, []int32{int32(2 * n)}, []string{"-infinity"}, store.FactVersion, 32, int64(1<<20), holder) //nolint:gosec // small
		taken := must(store.TakeRuns(t.Context(), pool, store.Take{Holder: holder, Version: store.FactVersion, PerKey: 32, Bytes: 1 << 20,
			Shares: []store.Share{{Account: account, Events: 2 * n}}}))(t)
		if len(taken.Runs) != n {
			t.Fatalf("%d of %d queues were taken", len(taken.Runs), n)
		}
		queues, epochs, first, last := make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
		var done []store.Release
		for i, r := range taken.Runs {
			queues[i], epochs[i], first[i], last[i] = r.Queue, r.Epoch, r.Places[0], r.Places[1]
			done = append(done, r.Release(2))
		}
		waits, none := make([]float64, n), make([]int32, n)
		measure("fence", store.FenceRunsSQL, queues, epochs, n)
		measure("release with more", store.ReleaseRunsSQL, queues, epochs, first, first, waits, empty, none, none, make([]int64, n))
		measure("release", store.ReleaseRunsSQL, queues, epochs, first, last, waits, empty, none, none, make([]int64, n))
		check(t, store.ReleaseRuns(t.Context(), pool, done))
	}
	for name, e := range effort {
		// New versions of many rows don't fit on their pages, and each is looked up twice then. Work that grew
		// with the square of the rows would be fifteen times as much.
		if e[1] > 4*e[0]*many/few {
			t.Errorf("%s: an effort of %.0f for %d rows, %.0f for %d, want at most %.0f", name, e[0], few, e[1], many, 4*e[0]*many/few)
		}
	}
	if left := row(t, pool, `SELECT (SELECT count(*) FROM queues), (SELECT count(*) FROM queue_events)`); left != "(0,0)" {
		t.Errorf("%s queues and events are left, want (0,0)", left)
	}
}

// Events that wait for the record of a post are found whatever else waits, also where a database sorts text by the
// rules of a language (PARLEY_TEST_LOCALE): those pass over punctuation, or sort it in another order than bytes.
func TestFindWaiting(t *testing.T) {
	t.Parallel()
	pool, ctx := storetest.DB(t), t.Context()
	exec(t, pool, `INSERT INTO accounts (id, name, kind, side) VALUES (30, 'chat', 'x', 'channel')`)
	must(store.InsertEvents(ctx, pool, []store.NewEvent{{AccountID: 30, ExternalID: "e1", OrderKey: "30/c1", Payload: []byte("x")}}))(t)
	waits := func(name string, wantPosts, wantOpenings bool) {
		t.Helper()
		exec(t, pool, `UPDATE queues SET waits_for = $1`, name)
		_, posts, openings, err := store.FindWaiting(ctx, pool, store.FactVersion)
		check(t, err)
		if posts != wantPosts || openings != wantOpenings {
			t.Errorf("who waits for %s is taken for one who waits for a post: %t, for an account: %t", name, posts, openings)
		}
	}
	waits(store.AwaitedPost(30, "C0SUPPORT", "1764000000.000100"), true, false)
	waits(store.AwaitedID(30, "poster:1"), false, false)
	waits(store.AwaitedOpening(30), false, true)
	var collation string
	check(t, pool.QueryRow(ctx, `SELECT collation_name FROM information_schema.columns WHERE table_name = 'queues' AND column_name = 'waits_for'`).Scan(&collation))
	if collation != "C" {
		t.Errorf("the names are compared by %q, want \"C\"", collation)
	}
}
