package erase_test

import (
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store/storetest"
)

var check, exec = storetest.Check, storetest.Exec

func must[T any](v T, err error) func(testing.TB) T { return storetest.Must(v, err) }

// column is a column of the schema that can hold words.
type column struct{ Table, Name, Type string }

// wordColumns gives all columns of the schema's tables that can hold words.
func wordColumns(t testing.TB, pool *pgxpool.Pool) []column {
	t.Helper()
	rows, err := pool.Query(t.Context(), `
		SELECT c.table_name, c.column_name, CASE WHEN c.data_type = 'ARRAY' THEN c.udt_name ELSE c.data_type END
		FROM information_schema.columns AS c
		JOIN information_schema.tables AS t ON t.table_schema = c.table_schema AND t.table_name = c.table_name AND t.table_type = 'BASE TABLE'
		WHERE c.table_schema = 'public' AND c.table_name NOT LIKE 'goose%'
			AND (c.data_type IN ('text', 'character varying', 'json', 'jsonb', 'bytea', 'tsvector', 'xml', 'inet') OR c.udt_name IN ('_text', '_varchar', '_bytea', '_jsonb'))
		ORDER BY 1, c.ordinal_position`)
	check(t, err)
	defer rows.Close()
	var list []column
	for rows.Next() {
		var c column
		check(t, rows.Scan(&c.Table, &c.Name, &c.Type))
		list = append(list, c)
	}
	check(t, rows.Err())
	return list
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
		rows, err := pool.Query(t.Context(), `SELECT t::text FROM `+c.Table+` AS t WHERE lower(`+c.words()+`) LIKE $1`, "%"+word+"%")
		check(t, err)
		for rows.Next() {
			var row string
			check(t, rows.Scan(&row))
			found[c.Table+" "+row] = true
		}
		check(t, rows.Err())
	}
	return found
}
