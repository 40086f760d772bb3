package app_test

import (
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"parley/cmd/parley/app"
	"parley/cmd/parley/backup"
	"parley/store"
)

// An embedded database is backed up before a new version changes its schema, and only then.
func TestBackupBeforeMigration(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	for d := data; d != os.TempDir() && d != "/"; d = filepath.Dir(d) { // the server's account must pass
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	env := app.Env{Data: data}
	log := slog.New(slog.DiscardHandler)
	db, err := app.OpenDatabase(t.Context(), env, log, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	old := fstest.MapFS{}
	names, err := fs.Glob(store.MigrationFiles(), "migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	for _, name := range names[:len(names)-1] {
		body, err := fs.ReadFile(store.MigrationFiles(), name)
		if err != nil {
			t.Fatal(err)
		}
		old[filepath.Base(name)] = &fstest.MapFile{Data: body}
	}
	pool := stdlib.OpenDBFromPool(db.Pool)
	t.Cleanup(func() { _ = pool.Close() })
	provider, err := goose.NewProvider(goose.DialectPostgres, pool, old)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second finds nothing to change
		if err := db.Migrate(t.Context(), env); err != nil {
			t.Fatal(err)
		}
	}
	made, err := filepath.Glob(filepath.Join(app.BackupFolder(env), "*.parley"))
	if err != nil || len(made) != 1 || !strings.Contains(made[0], "before-schema-") {
		t.Fatalf("backups: got %v, %v; want one before-schema-", made, err)
	}
	number, _, _ := strings.Cut(filepath.Base(names[len(names)-2]), "_")
	before, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	m, err := backup.CheckFile(t.Context(), made[0], db.BinDir())
	if err != nil {
		t.Fatal(err)
	}
	if m.Schema != before {
		t.Errorf("schema of the backup: got %d, want %d", m.Schema, before)
	}
}

// The key's file is written once and never replaced.
func TestKeepKey(t *testing.T) {
	t.Parallel()
	env := app.Env{Data: filepath.Join(t.TempDir(), "new")}
	if key, err := app.KnownKey(env); err != nil || key != "" {
		t.Errorf("before a key is kept: got %q, %v; want none", key, err)
	}
	if err := app.KeepKey(env, "one"); err != nil {
		t.Fatal(err)
	}
	if err := app.KeepKey(env, "two"); err == nil {
		t.Error("KeepKey replaced a key, want an error")
	}
	if key, err := app.KnownKey(env); err != nil || key != "one" {
		t.Errorf("the known key: got %q, %v; want one", key, err)
	}
	info, err := os.Stat(app.KeyFile(env))
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o600 {
		t.Errorf("mode: got %o, want 600", got)
	}
}
