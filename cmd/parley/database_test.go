package main

import (
	"os"
	"path/filepath"
	"testing"

	"parley/store/storetest"
)

// If there is no Parley yet, a command that needs one doesn't make its database. For example, PARLEY_DATA may name another
// folder than that of the Parley that serves. The command would answer from an empty database that there is nothing.
func TestCommandsMakeNoDatabase(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	data := filepath.Join(base, "data")
	env := []string{"GOOGLE_CLIENT_ID=parley", "GOOGLE_CLIENT_SECRET=secret"} // connect asks for them first
	file := filepath.Join(base, "parley.yaml")
	mustWriteFile(t, file, "company: Acme\n")
	for _, args := range [][]string{
		{"admin-link"},
		{"apply", "-f", file, "--dry-run"},
		{"backup", "--without-key", filepath.Join(base, "acme.parley")},
		{"connect", "google", "--account", "support-mail"},
		{"doctor"},
		{"erase", "ann@shop.example"},
		{"erase", "--list"},
		{"explain", "1"},
		{"export"},
		{"export-contact", "ann@shop.example", filepath.Join(base, "ann.zip")},
		{"replay"},
	} {
		t.Run(args[0], func(t *testing.T) {
			wantText(t, cli{t: t, data: data, env: env}.mustFail(args...), "there is no database in "+data)
		})
	}

	empty := storetest.EmptyURL(t)
	for _, args := range [][]string{{"admin-link"}, {"apply", "-f", file, "--dry-run"}, {"doctor"}, {"erase", "--list"}, {"export"}} {
		t.Run("in an empty database/"+args[0], func(t *testing.T) {
			c := cli{t: t, data: data, env: append(env, "DATABASE_URL="+empty)}
			wantText(t, c.mustFail(args...), "there is no Parley in this database")
		})
	}

	if tables := storetest.Row(t, openPool(t, empty), `SELECT count(*) FROM pg_tables WHERE schemaname = 'public'`); tables != "(0)" {
		t.Errorf("%s tables in the empty database, want none", tables)
	}
	if _, err := os.Stat(data); !os.IsNotExist(err) {
		t.Errorf("the data folder: %v, want that it doesn't exist", err)
	}
}
