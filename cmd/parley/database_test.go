package main

import (
	"os"
	"path/filepath"
	"testing"
)

// Where there is no Parley yet, because PARLEY_DATA names another folder than that of the Parley that serves, say, a command that
// needs one makes none: it would answer that there is nothing.
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
	if _, err := os.Stat(data); !os.IsNotExist(err) {
		t.Errorf("the data folder: %v, want that it doesn't exist", err)
	}
}
