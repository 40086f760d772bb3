package store_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/storetest"
)

// pages gives how many pages of the database a statement looks at: what it costs, whatever else the
// machine does. Nothing of it stays.
func pages(t *testing.T, pool *pgxpool.Pool, sql string, args ...any) int {
	t.Helper()
	tx := must(pool.Begin(t.Context()))(t)
	defer func() { _ = tx.Rollback(t.Context()) }()
	for _, set := range []string{"jit = off", "enable_seqscan = off", "enable_hashjoin = off", "enable_mergejoin = off", "plan_cache_mode = force_generic_plan"} {
		if _, err := tx.Exec(t.Context(), "SET LOCAL "+set); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := tx.Exec(t.Context(), "PREPARE counted AS "+sql); err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = tx.Exec(t.Context(), "DEALLOCATE counted") }()
	literals := make([]string, len(args))
	for i, a := range args {
		literals[i] = literal(t, a)
	}
	var body []byte
	ask := fmt.Sprintf("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE counted(%s)", strings.Join(literals, ", "))
	check(t, tx.QueryRow(t.Context(), ask, pgx.QueryExecModeSimpleProtocol).Scan(&body))
	var plans []struct {
		Plan struct {
			Hit  int `json:"Shared Hit Blocks"`
			Read int `json:"Shared Read Blocks"`
		}
	}
	check(t, json.Unmarshal(body, &plans))
	return plans[0].Plan.Hit + plans[0].Plan.Read
}

// longForm says that a test may take minutes.
func longForm() bool { return os.Getenv("PARLEY_LONG") != "" }

// passThrough has events of many customers stored and applied, some at a time.
func passThrough(t *testing.T, pool *pgxpool.Pool, account int64, holder, from, n int) {
	t.Helper()
	const together, customers = 500, 2000
	for i := from; i < from+n; i += together {
		var events []store.NewEvent
		for k := range together {
			events = append(events, store.NewEvent{AccountID: account, ExternalID: fmt.Sprint("e", i+k), OrderKey: fmt.Sprintf("%d/c%d", account, (i+k)%customers), Payload: []byte("x")})
		}
		must(store.InsertEvents(t.Context(), pool, events))(t)
		for left := together; left > 0; {
			taken := must(store.TakeRuns(t.Context(), pool, store.Take{Holder: holder, Version: store.FactVersion, PerKey: 32, Bytes: 1 << 20,
				Shares: []store.Share{{Account: account, Events: 256, From: time.Now().Add(-2 * time.Second)}}}))(t)
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
	if longForm() {
		events = 1_000_000
	}
	conn := must(pool.Acquire(t.Context()))(t)
	defer conn.Release()
	holder := must(store.AddHolder(t.Context(), conn, time.Hour))(t)
	measure := func(when string, n int) map[string]int {
		var now time.Time // since then nothing has passed through: before it there are only remains
		check(t, pool.QueryRow(t.Context(), `SELECT clock_timestamp()`).Scan(&now))
		must(store.InsertEvents(t.Context(), pool, []store.NewEvent{{AccountID: account, ExternalID: "waits " + when, OrderKey: "30/c7", Payload: []byte("x")}}))(t)
		since := []string{now.Format(time.RFC3339Nano)}
		cost := map[string]int{
			"take":     pages(t, pool, store.TakeRunsSQL, []int64{account}, []int32{64}, since, store.FactVersion, 32, int64(1<<20), holder),
			"sweep":    pages(t, pool, store.SharesDueSQL, []int64{account}, since, false),
			"suspects": pages(t, pool, store.SuspectsSQL, store.FactVersion),
			"accept": pages(t, pool, store.InsertEventsSQL, []int64{account, account}, []string{"new1 " + when, "new2 " + when}, []string{"30/c8", "30/c9"},
				[]string{"x", "x"}, []string{"", ""}, []int64{1, 1}, []string{"", ""}, []int64{account, account}, []string{"00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002"}),
		}
		taken := must(store.TakeRuns(t.Context(), pool, store.Take{Holder: holder, Version: store.FactVersion, PerKey: 32, Bytes: 1 << 20,
			Shares: []store.Share{{Account: account, Events: 256}}}))(t)
		r := taken.Runs[0]
		cost["finish"] = pages(t, pool, store.ReleaseRunsSQL, []int64{r.Queue}, []int64{r.Epoch}, r.Places[:1], r.Places[:1], []float64{0}, []string{""}, []int32{0}, []int32{0}, []int64{0})
		check(t, store.ReleaseRuns(t.Context(), pool, []store.Release{r.Release(1)}))
		t.Logf("%s, %7d events: %v", when, n, cost)
		return cost
	}
	passThrough(t, pool, account, holder, 0, 2000)
	exec(t, pool, `VACUUM ANALYZE queues`)
	exec(t, pool, `VACUUM ANALYZE queue_events`)
	first := measure("before", 0)
	snapshot := must(pool.BeginTx(t.Context(), pgx.TxOptions{IsoLevel: pgx.RepeatableRead}))(t)
	if _, err := snapshot.Exec(t.Context(), `SELECT count(*) FROM settings`); err != nil {
		t.Fatal(err)
	}
	passThrough(t, pool, account, holder, 2000, events)
	exec(t, pool, `VACUUM queues`)
	exec(t, pool, `VACUUM queue_events`)
	last := measure("after", events)
	check(t, snapshot.Rollback(t.Context()))
	for what, pages := range last {
		if most := 2*first[what] + 10; pages > most {
			t.Errorf("%s looks at %d pages, before the snapshot at %d", what, pages, first[what])
		}
	}
}
