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
		check(t, os.Chmod(d, 0o755))
	}

	env := app.Env{Data: data}
	log := slog.New(slog.DiscardHandler)
	db := must(app.OpenDatabase(t.Context(), env, log, func(string) {}))(t)
	t.Cleanup(db.Close)

	// An earlier version had all migrations but the last.
	old := fstest.MapFS{}
	names := must(fs.Glob(store.MigrationFiles(), "migrations/*.sql"))(t)
	slices.Sort(names)
	for _, name := range names[:len(names)-1] {
		body := must(fs.ReadFile(store.MigrationFiles(), name))(t)
		old[filepath.Base(name)] = &fstest.MapFile{Data: body}
	}
	pool := stdlib.OpenDBFromPool(db.Pool)
	t.Cleanup(func() { _ = pool.Close() })
	provider := must(goose.NewProvider(goose.DialectPostgres, pool, old))(t)
	must(provider.Up(t.Context()))(t)

	for range 2 { // the second finds nothing to change
		check(t, db.Migrate(t.Context(), env))
	}
	made, err := filepath.Glob(filepath.Join(app.BackupFolder(env), "*.parley"))
	if err != nil || len(made) != 1 || !strings.Contains(made[0], "before-schema-") {
		t.Fatalf("backups: got %v, %v; want one before-schema-", made, err)
	}

	number, _, _ := strings.Cut(filepath.Base(names[len(names)-2]), "_")
	before := must(strconv.ParseInt(number, 10, 64))(t)
	m := must(backup.CheckFile(t.Context(), made[0], db.BinDir()))(t)
	if m.Schema != before {
		t.Errorf("schema of the backup: got %d, want %d", m.Schema, before)
	}
}
