package storetest_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/storetest"
)

// readContents returns all rows of all tables, and the numbers at which the sequences stand, as one text.
func readContents(t *testing.T, pool *pgxpool.Pool) string {
	t.Helper()
	const ask = `
		SELECT string_agg(part, E'\n' ORDER BY part)
		FROM (
			SELECT c.relname || query_to_xml('SELECT * FROM ' || c.oid::regclass, true, false, '')::text AS part
			FROM pg_class AS c
			WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
			UNION ALL
			SELECT sequencename || ' ' || coalesce(last_value, 0) FROM pg_sequences) AS parts`
	var contents string
	storetest.Check(t, pool.QueryRow(t.Context(), ask).Scan(&contents))
	return contents
}

// remember is storetest.Remember, and ends what it keeps open at the end of the test.
func remember(t *testing.T, pool *pgxpool.Pool) *storetest.Fresh {
	t.Helper()
	fresh := storetest.Must(storetest.Remember(t.Context(), pool))(t)
	t.Cleanup(fresh.Close)
	return fresh
}

// changeContents adds rows, deletes others and moves the clock. It fails the test if that changes nothing.
func changeContents(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	before := readContents(t, pool)
	storetest.Check(t, store.MoveClock(t.Context(), pool, time.Hour))
	storetest.Exec(t, pool, `INSERT INTO tags (name, color) VALUES ('broken lamp', 'red')`)
	storetest.Exec(t, pool, `DELETE FROM measured`)
	storetest.Exec(t, pool, `INSERT INTO accounts (name, kind, side) VALUES ('mail', 'email', 'channel')`)
	if readContents(t, pool) == before {
		t.Fatal("nothing was changed")
	}
}

// A database can be restored as often as it was used.
func TestRestoredDatabaseIsFresh(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	want := readContents(t, pool)
	fresh := remember(t, pool)
	for _, use := range []string{"first", "second"} {
		changeContents(t, pool)
		if err := fresh.Restore(t.Context()); err != nil {
			t.Fatalf("after the %s use: %v", use, err)
		}
		if got := readContents(t, pool); got != want {
			t.Fatalf("after the %s use the database holds\n%s\nwant\n%s", use, got, want)
		}
	}
}
