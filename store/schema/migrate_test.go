package schema_test

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/schema"
	"parley/store/storetest"
)

// migratePatience bounds every wait. Only a failing test uses it up.
const migratePatience = 2 * time.Minute

// withNewer returns the migrations of this version and two of a later one: a column, and an index on a table that is in use.
func withNewer(t *testing.T) fs.FS {
	t.Helper()
	files := fstest.MapFS{
		"9001_column.sql": {Data: []byte("-- +goose Up\nALTER TABLE messages ADD COLUMN IF NOT EXISTS newer text;\n")},
		"9002_index.sql": {Data: []byte("-- +goose NO TRANSACTION\n-- +goose Up\nDROP INDEX CONCURRENTLY IF EXISTS reactions_newer;\n" +
			"CREATE INDEX CONCURRENTLY reactions_newer ON reactions (emoji);\nALTER TABLE deliveries ADD COLUMN IF NOT EXISTS newer text;\n")},
	}
	for _, name := range must(fs.Glob(store.MigrationFiles(), "migrations/*.sql"))(t) {
		files[path.Base(name)] = &fstest.MapFile{Data: must(fs.ReadFile(store.MigrationFiles(), name))(t)}
	}
	return files
}

// widePool returns a pool of a migrated database with connections for everybody in a test.
func widePool(t *testing.T) *pgxpool.Pool {
	t.Helper()
	config := must(pgxpool.ParseConfig(storetest.URL(t)))(t)
	config.MaxConns = 10
	pool := must(pgxpool.NewWithConfig(t.Context(), config))(t)
	t.Cleanup(pool.Close)
	return pool
}

// newerDone pretends that a migration of withNewer was applied.
func newerDone(t *testing.T, pool *pgxpool.Pool, versions ...int64) {
	t.Helper()
	exec(t, pool, `INSERT INTO goose_db_version (version_id, is_applied) SELECT unnest($1::bigint[]), true`, versions)
}

// rest waits a moment between two statements of those who work beside a migration. Without it they would only keep
// the processors from the migration.
func rest(ctx context.Context) {
	const moment = 10 * time.Millisecond
	select {
	case <-ctx.Done():
	case <-time.After(moment):
	}
}

// longest repeats a statement until the test is done with it, and gives the longest time that it took.
func longest(ctx context.Context, t *testing.T, pool *pgxpool.Pool, sql string) time.Duration {
	var worst time.Duration
	for ; ctx.Err() == nil; rest(ctx) {
		began := time.Now()
		limit, cancel := context.WithTimeout(context.Background(), migratePatience)
		_, err := pool.Exec(limit, sql)
		cancel()
		worst = max(worst, time.Since(began))
		if err != nil {
			t.Errorf("%s: %v", sql, err)
			return worst
		}
	}
	return worst
}

// migration is a Migrator at work.
type migration struct {
	reports chan string
	ended   chan error
	cancel  func()
}

// migrate lets a process migrate beside the test.
func migrate(t *testing.T, pool *pgxpool.Pool) *migration {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	m := &migration{reports: make(chan string, 1000), ended: make(chan error, 1), cancel: cancel}
	files := withNewer(t)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		m.ended <- schema.Migrator{Pool: pool, Files: files, Report: func(text string) { m.reports <- text }, RemindEvery: time.Second}.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	return m
}

// tells waits until the migration has reported something with this text so many times.
func (m *migration) tells(t *testing.T, what string, times int) {
	t.Helper()
	for patience := time.After(migratePatience); times > 0; {
		select {
		case text := <-m.reports:
			t.Log(text)
			if strings.Contains(text, what) {
				times--
			}
		case err := <-m.ended:
			t.Fatalf("it ended without telling of %q: %v", what, err)
		case <-patience:
			t.Fatalf("it tells nothing of %q", what)
		}
	}
}

// ends waits until the migration ended, and gives its error.
func (m *migration) ends(t *testing.T) error {
	t.Helper()
	select {
	case err := <-m.ended:
		return err
	case <-time.After(migratePatience):
		t.Fatal("the migration does not end")
		return nil
	}
}

// A new version migrates while pg_dump reads everything for hours: the running replicas go on
// reading and writing, and the migration ends once the dump has.
func TestMigrateBesideDump(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		done []int64
		told string
	}{
		"a transaction": {nil, "ALTER TABLE messages"},
		"an index":      {[]int64{9001}, "running CREATE INDEX CONCURRENTLY reactions_newer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pool := widePool(t)
			newerDone(t, pool, tt.done...)
			dump := storetest.OpenDump(t, pool)
			m := migrate(t, pool)

			ctx, stop := context.WithCancel(t.Context())
			var group sync.WaitGroup
			var read, write, other time.Duration
			group.Go(func() { read = longest(ctx, t, pool, `SELECT count(*) FROM messages`) })
			group.Go(func() { write = longest(ctx, t, pool, `UPDATE deliveries SET part = part WHERE id = 0`) })
			group.Go(func() { other = longest(ctx, t, pool, `SELECT 1`) }) // how long the machine alone makes others wait
			m.tells(t, tt.told, 6)                                         // some seconds, and some tries
			stop()
			group.Wait()
			t.Logf("the longest wait of a read %s, a write %s, of what needs no table %s", read, write, other)
			const patient = 30 * time.Second // far more than lockTimeout, for busy machines; a wait for the dump never ends
			if most := patient + other; read > most || write > most {
				t.Errorf("a read waited %s, a write %s; what needs no table %s", read, write, other)
			}

			check(t, dump.Commit(t.Context()))
			check(t, m.ends(t))
			if got := must(schema.VersionOf(t.Context(), pool))(t); got != 9002 {
				t.Errorf("the schema is %d, want 9002", got)
			}
			var broken int
			check(t, pool.QueryRow(t.Context(), `SELECT count(*) FROM pg_index WHERE NOT indisvalid`).Scan(&broken))
			if broken > 0 {
				t.Errorf("%d indexes are not valid", broken)
			}
		})
	}
}

// Several processes migrate at once: one works, the others wait, and all succeed.
func TestMigrateTogether(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	exec(t, pool, `DROP SCHEMA public CASCADE`)
	exec(t, pool, `CREATE SCHEMA public`)
	var group sync.WaitGroup
	for range 3 {
		group.Go(func() {
			if err := schema.Migrate(context.Background(), pool); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if ok := must(schema.IsMigrated(t.Context(), pool))(t); !ok {
		t.Error("not migrated")
	}
}

// migrateByNewer makes a database one that a Parley with further migrations has migrated, of which oldest is the
// schema of the oldest Parley that may still work with it. Numbers of migrations have gaps.
func migrateByNewer(t *testing.T, pool *pgxpool.Pool, oldest int64) {
	t.Helper()
	exec(t, pool, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9998, true), (9999, true)`)
	exec(t, pool, `UPDATE oldest_schema SET version = $1`, oldest)
}

// While a rollout lasts, a replica of the version before may be started again: it works with a schema that is newer
// by several migrations, and leaves it as it is.
func TestMigrateLeavesANewerSchema(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	migrateByNewer(t, pool, schema.Version())

	check(t, schema.Migrate(t.Context(), pool))

	if got := must(schema.VersionOf(t.Context(), pool))(t); got != 9999 {
		t.Errorf("the schema is %d, want 9999 as before", got)
	}
}

// A Parley that needs what a newer one has removed refuses the database.
func TestMigrateRefusesASchemaThatIsTooNew(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	migrateByNewer(t, pool, schema.Version()+1)

	if err := schema.Migrate(t.Context(), pool); !errors.Is(err, schema.ErrNewer) {
		t.Errorf("got %v, want %v", err, schema.ErrNewer)
	}
}
