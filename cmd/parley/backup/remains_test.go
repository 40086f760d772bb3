package backup_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"parley/cmd/parley/backup"
)

// leaveRemains returns a folder with files of backups that were cut off. The next backup can't be made there, as on a
// disk that these files have filled. `parley backup` is just writing the file acme.parley.partial there.
func leaveRemains(t *testing.T) backup.Folder {
	t.Helper()
	f := backup.Folder{
		Dir:    t.TempDir(),
		Source: backup.Source{URL: "postgres://nobody@127.0.0.1:1/none", WithoutKey: true},
		Log:    slog.New(slog.DiscardHandler),
		Zone:   time.UTC,
	}
	for _, name := range []string{
		"nightly-2026-05-01.parley.partial",
		"before-schema-000002-from-1-2026-05-01-120000.parley.partial",
		"acme.parley.partial",
	} {
		check(t, os.WriteFile(filepath.Join(f.Dir, name), []byte("half"), 0o600))
	}
	return f
}

// wantNoRemains checks that only the file of `parley backup` is left of the files of leaveRemains.
func wantNoRemains(t *testing.T, f backup.Folder) {
	t.Helper()
	if got, want := backupNames(t, f.Dir), []string{"acme.parley.partial"}; !slices.Equal(got, want) {
		t.Errorf("got the files %v, want %v", got, want)
	}
}

// Files of backups that were cut off are removed before the backup of a night is made. If they were removed only
// after it succeeded, a full disk would stay full.
func TestNightRemovesRemainsFirst(t *testing.T) {
	t.Parallel()
	f := leaveRemains(t)
	if err := f.Night(t.Context(), time.Date(2026, 5, 2, 3, 0, 0, 0, time.UTC)); err == nil {
		t.Fatal("Night succeeded without a database, want an error")
	}
	wantNoRemains(t, f)
}

// Files of backups that were cut off are also removed before a backup that precedes a change of the schema.
func TestBeforeMigrationRemovesRemainsFirst(t *testing.T) {
	t.Parallel()
	f := leaveRemains(t)
	versionOf := func(context.Context) (int64, error) { return 2, nil }
	if err := f.BeforeMigration(t.Context(), versionOf, 3, time.Now()); err == nil {
		t.Fatal("BeforeMigration succeeded without a database, want an error")
	}
	wantNoRemains(t, f)
}
