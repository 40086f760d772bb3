package store_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Entries of the log are added, never changed or removed: no statement and no migration does that.
//
func TestLogIsOnlyAddedTo(t *testing.T) {
	t.Parallel()
	var sources []string // of this package and of those below it
	err := filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(path, ".go") {
			sources = append(sources, path)
		}
		return err
	})
	migrations, err2 := filepath.Glob("migrations/*.sql")
	if err != nil || err2 != nil || len(migrations) == 0 {
		t.Fatal(err, err2, migrations)
	}
	changes := regexp.MustCompile(`(?i)\b(?:update(?:\s+only)?|delete\s+from(?:\s+only)?|truncate(?:\s+table)?|drop\s+table(?:\s+if\s+exists)?)\s+log_entries\b`)
	for statement, want := range map[string]bool{"UPDATE log_entries SET what": true, "delete from\n\tlog_entries": true, "INSERT INTO log_entries": false} {
		if changes.MatchString(statement) != want {
			t.Fatalf("%q changes entries: %v", statement, !want)
		}
	}
	adds := false
	for _, path := range slices.Concat(sources, migrations) {
		source, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if filepath.Base(path) == "log_test.go" {
			continue
		}
		for _, found := range changes.FindAllString(string(source), -1) {
			t.Errorf("%s: %s", path, found)
		}
		adds = adds || regexp.MustCompile(`INSERT INTO log_entries`).Match(source)
	}
	if !adds {
		t.Error("no statement adds an entry: the log has another name")
	}
}
