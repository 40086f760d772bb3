package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store/schema"
	"parley/store/storetest"
)

// A dry run of a newer Parley doesn't migrate the database of the one that serves: it says so, and what to do.
func TestDryRunLeavesTheSchema(t *testing.T) {
	t.Parallel()
	base := openFolder(t)
	file := filepath.Join(base, "parley.yaml")
	if err := os.WriteFile(file, []byte("company: Acme\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	url := storetest.URL(t)
	pool, err := pgxpool.New(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	if err := schema.Migrate(t.Context(), pool); err != nil {
		t.Fatal(err)
	}
	if _, err := pool.Exec(t.Context(), `DELETE FROM goose_db_version WHERE version_id = (SELECT max(version_id) FROM goose_db_version)`); err != nil {
		t.Fatal(err)
	}
	older, err := schema.VersionOf(t.Context(), pool)
	if err != nil {
		t.Fatal(err)
	}

	for name, args := range map[string][]string{
		"a set-up file":        {"apply", "-f", file, "--dry-run"},
		"an erasure":           {"erase", "ann@shop.example", "--dry-run"},
		"the list of erasures": {"erase", "--list"},
	} {
		said, ok := parleyIn(t, filepath.Join(base, "data"), []string{"DATABASE_URL=" + url}, args...)
		if ok || !strings.Contains(said, "Run parley migrate first") {
			t.Errorf("%s: accepted %t, said %q; want it refused with what to do", name, ok, said)
		}
	}

	now, err := schema.VersionOf(t.Context(), pool)
	if err != nil {
		t.Fatal(err)
	}
	if now != older {
		t.Errorf("schema %d after the dry runs, want %d as before", now, older)
	}
}
