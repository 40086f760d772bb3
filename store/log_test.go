package store_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// logChanges finds statements that change or remove entries of the log.
func logChanges() *regexp.Regexp {
	return regexp.MustCompile(`(?i)\b(?:` +
		`update(?:\s+only)?` +
		`|delete\s+from(?:\s+only)?` +
		`|truncate(?:\s+table)?` +
		`|drop\s+table(?:\s+if\s+exists)?` +
		`)\s+log_entries\b`)
}

func TestLogChanges(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		statement string
		want      bool
	}{
		{name: "change", statement: "UPDATE log_entries SET what", want: true},
		{name: "removal over two lines", statement: "delete from\n\tlog_entries", want: true},
		{name: "addition", statement: "INSERT INTO log_entries", want: false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := logChanges().MatchString(tt.statement); got != tt.want {
				t.Errorf("%q is found: %t, want %t", tt.statement, got, tt.want)
			}
		})
	}
}

// readStatements returns the files of this package, and of those below it, that may have statements, by their paths. This test is
// left out.
func readStatements(t *testing.T) map[string]string {
	t.Helper()
	sources := map[string]string{}
	check(t, filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		isMigration := filepath.Dir(path) == "migrations" && strings.HasSuffix(path, ".sql")
		isSource := strings.HasSuffix(path, ".go") && filepath.Base(path) != "log_test.go"
		if err != nil || !isMigration && !isSource {
			return err
		}
		source, err := os.ReadFile(path)
		sources[path] = string(source)
		return err
	}))
	return sources
}

// Entries of the log are added, never changed or removed: no statement and no migration does that.
// Requirement R-220: A log that nobody changes.
func TestLogIsOnlyAddedTo(t *testing.T) {
	t.Parallel()
	hasMigrations, hasAddition := false, false
	for path, source := range readStatements(t) {
		for _, found := range logChanges().FindAllString(source, -1) {
			t.Errorf("%s changes the log: %s", path, found)
		}
		hasMigrations = hasMigrations || strings.HasSuffix(path, ".sql")
		hasAddition = hasAddition || strings.Contains(source, "INSERT INTO log_entries")
	}
	if !hasMigrations {
		t.Error("no migration was read: they are in another folder")
	}
	if !hasAddition {
		t.Error("no statement adds an entry: the log has another name")
	}
}
