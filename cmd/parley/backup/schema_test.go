package backup_test

import (
	"errors"
	"io/fs"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"parley/cmd/parley/backup"
	"parley/store"
	"parley/store/schema"
)

// A backup of the schema before this one's is restored and migrated; a newer one is refused. pg_dump works, too, if DATABASE_URL has
// settings of the server.
func TestOtherSchemas(t *testing.T) {
	t.Parallel()
	old := newTarget(t)
	names, err := fs.Glob(store.MigrationFiles(), "migrations/*.sql")
	check(t, err)
	slices.Sort(names)
	before := fstest.MapFS{}
	for _, name := range names[:len(names)-1] {
		body, err := fs.ReadFile(store.MigrationFiles(), name)
		check(t, err)
		before[name] = &fstest.MapFile{Data: body}
	}
	sub, err := fs.Sub(before, "migrations")
	check(t, err)
	db := stdlib.OpenDBFromPool(old.Pool)
	t.Cleanup(func() { _ = db.Close() })
	provider, err := goose.NewProvider(goose.DialectPostgres, db, sub)
	check(t, err)
	_, err = provider.Up(t.Context())
	check(t, err)
	exec(t, old.Pool, `INSERT INTO tags (name) VALUES ('From before')`)
	file := t.TempDir() + "/old.parley"
	m, err := backup.CreateFile(t.Context(), file, backup.Source{URL: old.URL + "&search_path=public", WithoutKey: true})
	check(t, err)
	if m.Schema >= schema.Version() {
		t.Fatalf("the backup's schema is %d, want one before %d", m.Schema, schema.Version())
	}
	tg := newTarget(t)
	_, err = tg.restore(t, file)
	check(t, err)
	if ok, err := schema.Migrated(t.Context(), tg.Pool); err != nil || !ok {
		t.Errorf("migrated: got %t, %v; want true", ok, err)
	}
	if n := count(t, tg.Pool, `SELECT count(*) FROM tags WHERE name = 'From before'`); n != 1 {
		t.Errorf("the tag of before: got %d, want 1", n)
	}

	exec(t, tg.Pool, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, true)`)
	_, err = backup.CreateFile(t.Context(), file, backup.Source{URL: tg.URL, WithoutKey: true})
	check(t, err)
	if _, err := newTarget(t).restore(t, file); !errors.Is(err, backup.ErrNewer) {
		t.Errorf("a newer schema: got %v, want %v", err, backup.ErrNewer)
	}
}
