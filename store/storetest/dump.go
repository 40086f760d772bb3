package storetest

import (
	"context"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// LongForm reports whether tests may take minutes: the environment has PARLEY_TEST_LONG.
func LongForm() bool { return os.Getenv("PARLEY_TEST_LONG") != "" }

// OpenDump does what pg_dump does: it holds one snapshot, and every table against changes of its form,
// until the transaction or the test ends.
func OpenDump(t testing.TB, pool *pgxpool.Pool) pgx.Tx {
	t.Helper()
	dump, err := pool.BeginTx(t.Context(), pgx.TxOptions{IsoLevel: pgx.RepeatableRead})
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { _ = dump.Rollback(context.Background()) })
	const list = `SELECT string_agg(tablename, ', ') FROM pg_tables WHERE schemaname = 'public'`
	var tables string
	if err := dump.QueryRow(t.Context(), list).Scan(&tables); err != nil {
		t.Fatal(err)
	}
	if _, err := dump.Exec(t.Context(), `LOCK TABLE `+tables+` IN ACCESS SHARE MODE`); err != nil {
		t.Fatal(err)
	}

	return dump
}
