package retention_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/retention"
)

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		check(t, err)
		return v
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func exec(t testing.TB, q store.Querier, sql string, args ...any) {
	t.Helper()
	if _, err := q.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// row reads one row as text.
func row(t testing.TB, pool *pgxpool.Pool, sql string, args ...any) string {
	t.Helper()
	var s string
	if err := pool.QueryRow(t.Context(), `SELECT coalesce((SELECT x::text FROM (`+sql+`) AS x), '')`, args...).Scan(&s); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return s
}

// announced checks what the page about retention says before anything goes.
func announced(t testing.TB, pool *pgxpool.Pool, want retention.Due) {
	t.Helper()
	kept := retention.Kept{Payloads: month, Passing: 24 * time.Hour, Ended: 2 * month}
	for _, n := range []*int64{&want.Events, &want.Passing, &want.Lanes, &want.Reactions, &want.Texts, &want.Told} {
		*n = min(*n, retention.MostDue)
	}
	if due := must(retention.Preview(t.Context(), pool, kept))(t); due != want {
		t.Errorf("announced is %+v, want %+v", due, want)
	}
}
