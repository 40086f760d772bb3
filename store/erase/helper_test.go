package erase_test

import (
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/erase"
	"parley/store/storetest"
)

var check, exec = storetest.Check, storetest.Exec

func must[T any](v T, err error) func(testing.TB) T { return storetest.Must(v, err) }

// newWorld returns a database with two customers, zebra and otter (world_test.go). Each has rows in every table that can hold
// something of a customer, and each such column of them holds the customer's word. Zebra is the one who is erased.
func newWorld(t testing.TB) *pgxpool.Pool {
	t.Helper()
	pool := storetest.Reused(t)
	office(t, pool)
	zebra().write(t, pool)
	otter().write(t, pool)
	return pool
}

// newOptions returns options for erasures in a database, with a master key of their own.
func newOptions(t testing.TB, pool *pgxpool.Pool) erase.Options {
	t.Helper()
	ask := func(name string, conversation store.ConversationID, _ []erase.Post) store.NewEvent {
		return store.NewEvent{
			AccountID:  store.SystemAccount,
			ExternalID: name,
			OrderKey:   store.ConversationKey(conversation),
			Payload:    []byte(`{}`),
		}
	}
	return erase.Options{Pool: pool, Sealer: must(store.NewSealer(store.NewMasterKey()))(t), Ask: ask}
}

// beginErasure asks for the erasure of a customer, and returns its id.
func beginErasure(t testing.TB, o erase.Options, p person) (id string) {
	t.Helper()
	return must(erase.Begin(t.Context(), o, []store.ContactID{p.contact()}, "ann@acme.test"))(t)
}

// takeAwayInChats does what chats do with the posts that they are asked to take away: it notes what became of each of them, such as
// "erased". All that waited to be applied is done.
func takeAwayInChats(t testing.TB, pool *pgxpool.Pool, became string) {
	t.Helper()
	exec(t, pool, `DELETE FROM queues`) // the events that ask for it are applied
	exec(t, pool, `INSERT INTO posts (account_id, channel, message, kind, conversation_id, version)
		SELECT account_id, channel, message, kind, conversation_id, $1 FROM erased_posts WHERE asked
		ON CONFLICT (account_id, channel, message) DO UPDATE SET version = EXCLUDED.version`, became)
}

// runWithChats runs an erasure to its end, with chats that take away what they are asked to.
func runWithChats(t testing.TB, o erase.Options, id string) erase.Certificate {
	t.Helper()
	if _, err := erase.Run(t.Context(), o, id); !errors.Is(err, erase.ErrInChats) {
		t.Fatalf("the first run ended with %v, want it to wait for chats", err)
	}
	takeAwayInChats(t, o.Pool, "erased")
	return must(erase.Run(t.Context(), o, id))(t)
}

// mustWait runs an erasure that has to wait for something to be applied or posted.
func mustWait(t testing.TB, o erase.Options, id, why string) {
	t.Helper()
	if _, err := erase.Run(t.Context(), o, id); !errors.Is(err, erase.ErrWaiting) {
		t.Fatalf("%s: the erasure ended with %v, want it to wait", why, err)
	}
}

// checkForgotten checks that no column of the database holds a customer's word.
func checkForgotten(t testing.TB, pool *pgxpool.Pool, p person, when string) {
	t.Helper()
	for place, n := range markedIn(t, pool, p.word) {
		t.Errorf("%s: %s holds something of %s in %d rows, want none", when, place, p.word, n)
	}
}

// column is a column of the schema that can hold words.
type column struct{ Table, Name, Type string }

// wordColumns gives all columns of the schema's tables that can hold words.
func wordColumns(t testing.TB, pool *pgxpool.Pool) []column {
	t.Helper()
	return storetest.Rows(t, pool, pgx.RowToStructByPos[column], `
		SELECT c.table_name, c.column_name, CASE WHEN c.data_type = 'ARRAY' THEN c.udt_name ELSE c.data_type END
		FROM information_schema.columns AS c
		JOIN information_schema.tables AS t ON t.table_schema = c.table_schema AND t.table_name = c.table_name AND t.table_type = 'BASE TABLE'
		WHERE c.table_schema = 'public' AND c.table_name NOT LIKE 'goose%'
			AND (c.data_type IN ('text', 'character varying', 'json', 'jsonb', 'bytea', 'tsvector', 'xml', 'inet')
				OR c.udt_name IN ('_text', '_varchar', '_bytea', '_jsonb'))
		ORDER BY 1, c.ordinal_position`)
}

// words is the SQL for what a column of the row t holds, as text: bytes too.
func (c column) words() string {
	switch c.Type {
	case "bytea":
		return `encode(t.` + c.Name + `, 'escape')`
	case "_bytea":
		return `(SELECT string_agg(encode(b, 'escape'), ' ') FROM unnest(t.` + c.Name + `) AS b)`
	}
	return `t.` + c.Name + `::text`
}

// markedIn gives the columns, as table.column, in which a word stands, with the number of rows.
func markedIn(t testing.TB, pool *pgxpool.Pool, word string) map[string]int {
	t.Helper()
	found := map[string]int{}
	for _, c := range wordColumns(t, pool) {
		var n int
		check(t, pool.QueryRow(t.Context(), `SELECT count(*) FROM `+c.Table+` AS t WHERE lower(`+c.words()+`) LIKE $1`, "%"+word+"%").Scan(&n))
		if n > 0 {
			found[c.Table+"."+c.Name] = n
		}
	}
	return found
}

// rowsWith gives the rows of all tables in which a word stands, as text.
func rowsWith(t testing.TB, pool *pgxpool.Pool, word string) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	for _, c := range wordColumns(t, pool) {
		containing := `SELECT t::text FROM ` + c.Table + ` AS t WHERE lower(` + c.words() + `) LIKE $1`
		for _, row := range storetest.Rows(t, pool, pgx.RowTo[string], containing, "%"+word+"%") {
			found[c.Table+" "+row] = true
		}
	}
	return found
}
