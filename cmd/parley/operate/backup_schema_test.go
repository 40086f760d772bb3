package operate_test

import (
	"errors"
	"io/fs"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"parley/cmd/parley/operate"
	"parley/store"
	"parley/store/schema"
)

// A backup of the schema before the present one is restored and migrated, and one of a newer schema is refused.
// pg_dump works even if DATABASE_URL contains settings of the server.
func TestOtherSchemas(t *testing.T) {
	t.Parallel()
	old := newTarget(t)
	names := must(fs.Glob(store.MigrationFiles(), "migrations/*.sql"))(t)
	slices.Sort(names)
	before := fstest.MapFS{}
	for _, name := range names[:max(1, len(names)-1)] {
		body := must(fs.ReadFile(store.MigrationFiles(), name))(t)
		before[name] = &fstest.MapFile{Data: body}
	}

	sub := must(fs.Sub(before, "migrations"))(t)
	db := stdlib.OpenDBFromPool(old.Pool)
	t.Cleanup(func() { _ = db.Close() })
	provider := must(goose.NewProvider(goose.DialectPostgres, db, sub))(t)
	must(provider.Up(t.Context()))(t)

	exec(t, old.Pool, `INSERT INTO tags (name) VALUES ('From before')`)
	file := t.TempDir() + "/old.parley"
	m := must(operate.CreateFile(t.Context(), file, operate.Source{URL: old.URL + "&search_path=public", WithoutKey: true}))(t)
	if m.Schema > schema.Version() {
		t.Fatalf("the backup's schema is %d, want at most %d", m.Schema, schema.Version())
	}

	tg := newTarget(t)
	must(tg.restore(t, file))(t)
	if ok, err := schema.IsMigrated(t.Context(), tg.Pool); err != nil || !ok {
		t.Errorf("migrated: got %t, %v; want true", ok, err)
	}
	if n := count(t, tg.Pool, `SELECT count(*) FROM tags WHERE name = 'From before'`); n != 1 {
		t.Errorf("the tag of before: got %d, want 1", n)
	}

	exec(t, tg.Pool, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, true)`)
	must(operate.CreateFile(t.Context(), file, operate.Source{URL: tg.URL, WithoutKey: true}))(t)
	if _, err := newTarget(t).restore(t, file); !errors.Is(err, operate.ErrNewer) {
		t.Errorf("a newer schema: got %v, want %v", err, operate.ErrNewer)
	}
}
