package storetest

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
)

// Must returns a function that returns v, or fails the test if err is not nil. It takes both results of a call:
//
//	event := storetest.Must(store.GetEvent(ctx, pool, id))(t)
func Must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		Check(t, err)
		return v
	}
}

// Check fails the test if err is not nil.
func Check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Begin begins a transaction, which is rolled back when the test ends unless it has ended before.
func Begin(t testing.TB, pool *pgxpool.Pool) pgx.Tx {
	t.Helper()
	tx := Must(pool.Begin(t.Context()))(t)
	t.Cleanup(func() { _ = tx.Rollback(context.Background()) })
	return tx
}

// Exec runs a statement and fails the test if it returns an error.
func Exec(t testing.TB, q store.Querier, sql string, args ...any) {
	t.Helper()
	if _, err := q.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// Row returns the row of a query as text, such as "(3,open)", or "" if there is none. More than one row fails the test.
func Row(t testing.TB, pool *pgxpool.Pool, sql string, args ...any) string {
	t.Helper()
	var s string
	if err := pool.QueryRow(t.Context(), `SELECT coalesce((SELECT x::text FROM (`+sql+`) AS x), '')`, args...).Scan(&s); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return s
}

// Rows returns all rows of a query, each converted by to.
func Rows[T any](t testing.TB, q store.Querier, to pgx.RowToFunc[T], sql string, args ...any) []T {
	t.Helper()
	rows, err := q.Query(t.Context(), sql, args...)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	list, err := pgx.CollectRows(rows, to)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return list
}
