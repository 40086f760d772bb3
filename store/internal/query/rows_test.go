package query_test

import (
	"reflect"
	"testing"

	"github.com/jackc/pgx/v5"

	"parley/store/internal/query"
	"parley/store/storetest"
)

// Inner is a part of a row.
type Inner struct {
	Name *string `db:"name"`
}

type outer struct {
	Inner

	ID   int64    `db:"id"`
	List []string `db:"list"`
	Raw  []byte   `db:"raw"`
}

const manyRows = `
	SELECT * FROM (VALUES (1, '{a,b}'::text[], 'one'::text, '\x01'::bytea), (2, NULL, NULL, NULL), (3, '{c}', 'three', '\x03'))
		AS t(id, list, name, raw)`

// Rows gives what pgx gives: no row has anything of the one before it.
func TestRows(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	rows, err := pool.Query(t.Context(), manyRows)
	if err != nil {
		t.Fatal(err)
	}
	want, err := pgx.CollectRows(rows, pgx.RowToStructByName[outer])
	if err != nil {
		t.Fatal(err)
	}
	got, err := query.Collect[outer](t.Context(), pool, "test", manyRows)
	if err != nil || len(got) != 3 || got[1].Name != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v: %v", got, want, err)
	}
	if none, err := query.Collect[outer](t.Context(), pool, "test", manyRows+` WHERE id > 3`); err != nil || none == nil || len(none) > 0 {
		t.Errorf("of no rows: %v %v", none, err)
	}
}

// A column without a field, a field without a column, and a value that doesn't fit are errors.
func TestRowsRefuse(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	for name, sql := range map[string]string{
		"a column too many": `SELECT *, 1 AS other FROM (` + manyRows + `) AS r`,
		"a column too few":  `SELECT id, list, name FROM (` + manyRows + `) AS r`,
		"a later NULL":      `SELECT nullif(id, 2) AS id, list, name, raw FROM (` + manyRows + `) AS r`,
	} {
		if list, err := query.Collect[outer](t.Context(), pool, "test", sql); err == nil {
			t.Errorf("%s: %v", name, list)
		}
	}
}
