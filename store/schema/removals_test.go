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
	const first = "0102_init.sql"
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
