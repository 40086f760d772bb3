package storetest_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/storetest"
)

// everything gives all rows of all tables, and where the sequences stand.
func everything(t *testing.T, pool *pgxpool.Pool) string {
	t.Helper()
	const ask = `
		SELECT string_agg(part, E'\n' ORDER BY part)
		FROM (
			SELECT c.relname || query_to_xml('SELECT * FROM ' || c.oid::regclass, true, false, '')::text AS part
			FROM pg_class AS c
			WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
			UNION ALL
			SELECT sequencename || ' ' || coalesce(last_value, 0) FROM pg_sequences) AS parts`
	var all string
	if err := pool.QueryRow(t.Context(), ask).Scan(&all); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestRestoredDatabaseIsFresh(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	before := everything(t, pool)
	fresh, err := storetest.Remember(t.Context(), pool)
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := pgx.ConnectConfig(t.Context(), pool.Config().ConnConfig.Copy()) // still at work
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		if err := store.MoveClock(t.Context(), pool, time.Hour); err != nil {
			t.Fatal(err)
		}
		for _, statement := range []string{`INSERT INTO tags (name, color) VALUES ('broken lamp', 'red')`, `DELETE FROM shards`,
			`INSERT INTO accounts (name, kind, side) VALUES ('mail', 'email', 'channel')`} {
			if _, err := pool.Exec(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
		if everything(t, pool) == before {
			t.Fatal("nothing was changed")
		}
		if err := fresh.Restore(t.Context()); err != nil {
			t.Fatal(err)
		}
		if after := everything(t, pool); after != before {
			t.Fatal(fmt.Sprintf("after %d uses\n", i+1), after, "\nis not\n", before)
		}
	}
	if err := stranger.Ping(t.Context()); err == nil {
		t.Error("who used the database before goes on")
	}
}
