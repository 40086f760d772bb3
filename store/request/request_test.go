package request_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/plantest"
	"parley/store/request"
	"parley/store/storetest"
)

const lease = time.Minute

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// count gives the number that sql selects.
func count(t *testing.T, pool *pgxpool.Pool, sql string) (n int) {
	t.Helper()
	check(t, pool.QueryRow(t.Context(), sql).Scan(&n))
	return n
}

func exec(t *testing.T, pool *pgxpool.Pool, sql string, args ...any) {
	t.Helper()
	_, err := pool.Exec(t.Context(), sql, args...)
	check(t, err)
}

// asked asks for a text so long ago.
func asked(t *testing.T, pool *pgxpool.Pool, conversation store.ConversationID, name string, ago time.Duration) {
	t.Helper()
	now, err := store.Now(t.Context(), pool)
	check(t, err)
	check(t, request.Add(t.Context(), pool, []request.Request{{ConversationID: conversation, Name: name, Ask: []byte(`{"Task":"summarise"}`), AskedAt: now.Add(-ago)}}))
}

func claimed(t *testing.T, pool *pgxpool.Pool, most int) []request.Request {
	t.Helper()
	list, err := request.Claim(t.Context(), pool, most, lease)
	check(t, err)
	return list
}

// fact is what tells an answer.
func fact(name string) store.NewEvent {
	return store.NewEvent{AccountID: store.SystemAccount, ExternalID: name, OrderKey: name, Payload: []byte("{}")}
}

// The same is written once while it waits and for ten seconds after its answer; then it is asked anew.
func TestTheSameIsAskedOnce(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	check(t, request.Add(t.Context(), pool, nil))
	asked(t, pool, 1, "summary", 20*time.Second)
	asked(t, pool, 1, "summary", 19*time.Second)
	asked(t, pool, 1, "translation", 0)
	asked(t, pool, 2, "summary", 0)
	first := claimed(t, pool, 9)
	if len(first) != 3 || first[0].Attempt != 1 || string(first[0].Ask) != `{"Task": "summarise"}` {
		t.Fatalf("claimed %+v", first)
	}
	for _, r := range first {
		check(t, request.Finish(t.Context(), pool, r, fact(fmt.Sprint(r.ConversationID, r.Name))))
	}
	if n := count(t, pool, `SELECT count(*) FROM text_requests WHERE done_at IS NOT NULL AND ask = '{}'`); n != 3 {
		t.Errorf("%d are done, without their words, want 3", n)
	}
	asked(t, pool, 1, "summary", 0) // a double click
	if again := claimed(t, pool, 9); len(again) != 0 {
		t.Errorf("claimed %+v, want none", again)
	}
	exec(t, pool, `UPDATE text_requests SET done_at = done_at - interval '11 seconds' WHERE conversation_id = 1`)
	asked(t, pool, 1, "summary", 0)
	if again := claimed(t, pool, 9); len(again) != 1 || again[0].Attempt != 1 || again[0].Epoch <= first[0].Epoch {
		t.Errorf("claimed %+v", again)
	}
}

// Who lost a claim changes nothing any more; a request that waits again is taken when it is due, the oldest first.
func TestClaims(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	for i := range store.ConversationID(3) {
		asked(t, pool, i+1, "summary", time.Duration(9-i)*time.Second)
	}
	two := claimed(t, pool, 2)
	if len(two) != 2 || two[0].ConversationID+two[1].ConversationID != 3 {
		t.Fatalf("claimed %+v", two)
	}
	if rest := claimed(t, pool, 9); len(rest) != 1 || rest[0].ConversationID != 3 {
		t.Errorf("the rest is %+v", rest)
	}
	exec(t, pool, `UPDATE text_requests SET leased_until = clock_timestamp() - interval '1 second' WHERE conversation_id = 1`)
	taken := claimed(t, pool, 9)
	if len(taken) != 1 || taken[0].ConversationID != 1 || taken[0].Attempt != 2 {
		t.Fatalf("taken over %+v", taken)
	}
	old := taken[0]
	old.Epoch--
	check(t, request.Finish(t.Context(), pool, old, fact("late")))
	check(t, request.Drop(t.Context(), pool, old))
	check(t, request.Retry(t.Context(), pool, old, 0))
	check(t, request.Postpone(t.Context(), pool, old, 0))
	if n := count(t, pool, `SELECT count(*) FROM events WHERE external_id = 'late'`) + len(claimed(t, pool, 9)); n != 0 {
		t.Error("whoever lost the claim was heard")
	}
	check(t, request.Retry(t.Context(), pool, taken[0], time.Hour))
	if early := claimed(t, pool, 9); len(early) != 0 {
		t.Errorf("claimed before its time: %+v, want none", early)
	}
	exec(t, pool, `UPDATE text_requests SET due_at = parley_now() WHERE conversation_id = 1`)
	again := claimed(t, pool, 9)
	if len(again) != 1 || again[0].Attempt != 3 {
		t.Fatalf("claimed %+v", again)
	}
	check(t, request.Postpone(t.Context(), pool, again[0], 0))
	if again = claimed(t, pool, 9); len(again) != 1 || again[0].Attempt != 3 {
		t.Fatalf("claimed after it was postponed %+v", again)
	}
	check(t, request.Finish(t.Context(), pool, again[0], fact("told")))
	check(t, request.Finish(t.Context(), pool, again[0], fact("twice")))
	if n := count(t, pool, `SELECT count(*) FROM events WHERE external_id IN ('told', 'twice')`); n != 1 {
		t.Errorf("%d facts tell of it, want 1", n)
	}
	check(t, request.Drop(t.Context(), pool, two[1]))
	asked(t, pool, two[1].ConversationID, "summary", 0) // what was dropped may be asked at once
	if n := len(claimed(t, pool, 9)); n != 1 {
		t.Errorf("%d claimed, want 1", n)
	}
}

// Very many answered requests are in nobody's way, and go a thousand at a time.
func TestPlans(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	crowd := []string{
		`INSERT INTO text_requests (conversation_id, name, ask, asked_at, due_at, done_at)
			SELECT n, 'summary', '{}', parley_now(), parley_now(), CASE WHEN n % 100 > 0 THEN parley_now() - n * interval '1 s' END FROM generate_series(1, 300000) AS n`,
	}
	plantest.Run(t, pool, crowd, []plantest.Statement{
		{
			Name:    "claim",
			SQL:     request.ClaimSQL,
			Args:    []any{4, lease.Seconds()},
			MaxRows: map[string]float64{"text_requests": 40},
			Index:   "text_requests_due",
		},
		{
			Name:    "finish",
			SQL:     request.FinishSQL,
			Args:    []any{int64(4700), "summary", int64(1)},
			MaxRows: map[string]float64{"text_requests": 5},
			Index:   "text_requests_pkey",
		},
		{
			Name:    "drop old",
			SQL:     request.DropOldSQL,
			Args:    nil,
			MaxRows: map[string]float64{"text_requests": 5000},
			Index:   "text_requests_done",
		},
	})
	for _, want := range []int{296_000, 295_000} { // what plantest runs is rolled back
		check(t, request.DropOld(t.Context(), pool))
		if n := count(t, pool, `SELECT count(*) FROM text_requests WHERE done_at IS NOT NULL`); n != want {
			t.Errorf("%d answered ones are left, want %d", n, want)
		}
	}
}
