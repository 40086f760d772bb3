package schema_test

import (
	"io/fs"
	"path"
	"regexp"
	"strings"
	"testing"

	"parley/store"
)

// A migration that removes something says which Parleys can do without it.
func TestRemovalsSetTheOldestSchema(t *testing.T) {
	t.Parallel()
	const first = "0070_oldest_schema.sql" // files before it have no table for that
	for _, file := range must(fs.Glob(store.MigrationFiles(), "migrations/*.sql"))(t) {
		if path.Base(file) > first && removesSilently(string(must(fs.ReadFile(store.MigrationFiles(), file))(t))) {
			t.Errorf("%s removes something, and doesn't set oldest_schema to the oldest version that can do without it", path.Base(file))
		}
	}
}

// removesSilently reports whether a migration removes a table, a column, a function or a sequence, and doesn't say in oldest_schema
// which versions can do without it.
func removesSilently(file string) bool {
	removes, says := false, false
	for _, statement := range statements(file) {
		removes = removes || regexp.MustCompile(`^DROP (TABLE|SEQUENCE|FUNCTION|VIEW)\b|\bDROP COLUMN\b`).MatchString(statement)
		says = says || strings.HasPrefix(statement, "INSERT INTO oldest_schema ")
	}
	return removes && !says
}

func TestRemovesSilently(t *testing.T) {
	t.Parallel()
	const says = `INSERT INTO oldest_schema (id, version) VALUES (1, 80) ON CONFLICT (id) DO UPDATE SET version = excluded.version;`
	for _, tt := range []struct {
		name string
		sql  string
		want bool
	}{
		{name: "table", sql: `DROP TABLE IF EXISTS old;`, want: true},
		{name: "column", sql: `ALTER TABLE old ADD COLUMN n int, DROP COLUMN IF EXISTS m;`, want: true},
		{name: "column, and it is said", sql: says + `ALTER TABLE old DROP COLUMN IF EXISTS m;`},
		{name: "index, which nobody needs", sql: `DROP INDEX CONCURRENTLY IF EXISTS old_n;`},
		{name: "nothing", sql: `ALTER TABLE old ADD COLUMN n int;`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := removesSilently("-- +goose Up\n" + tt.sql + "\n"); got != tt.want {
				t.Errorf("removesSilently(%s) = %t, want %t", tt.sql, got, tt.want)
			}
		})
	}
}
