package schema_test

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"parley/store"
	"parley/store/schema"
	"parley/store/storetest"
)

// migratePatience bounds every wait. Only a failing test uses it up.
const migratePatience = 2 * time.Minute

// olderDatabase returns a database with the schema of an earlier version, or an empty one for version 0.
func olderDatabase(t *testing.T, version int64) *pgxpool.Pool {
	t.Helper()
	config := must(pgxpool.ParseConfig(storetest.URL(t)))(t)
	config.MaxConns = 10
	pool := must(pgxpool.NewWithConfig(t.Context(), config))(t)
	t.Cleanup(pool.Close)
	exec(t, pool, `DROP SCHEMA public CASCADE`)
	exec(t, pool, `CREATE SCHEMA public`)
	if version > 0 {
		migrateTo(t, pool, version)
	}
	return pool
}

// migrateTo brings a database that nobody uses to the schema of an earlier version.
func migrateTo(t *testing.T, pool *pgxpool.Pool, version int64) {
	t.Helper()
	files := must(fs.Sub(store.MigrationFiles(), "migrations"))(t)
	db := stdlib.OpenDBFromPool(pool)
	defer func() { check(t, db.Close()) }()
	provider := must(goose.NewProvider(goose.DialectPostgres, db, files))(t)
	must(provider.UpTo(t.Context(), version))(t)
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
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		m.ended <- schema.Migrator{Pool: pool, Report: func(text string) { m.reports <- text }, RemindEvery: time.Second}.Run(ctx)
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
		from int64
		told string
	}{
		"statements without a transaction": {1, "waiting for the lock of ALTER TABLE deliveries"},
		"a transaction":                    {4, "ALTER TABLE messages"},
		"an index":                         {7, "running CREATE INDEX CONCURRENTLY reactions_delivery"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pool := olderDatabase(t, tt.from)
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
			if ok := must(schema.IsMigrated(t.Context(), pool))(t); !ok {
				t.Error("not migrated")
			}
			var broken int
			check(t, pool.QueryRow(t.Context(), `SELECT count(*) FROM pg_index WHERE NOT indisvalid`).Scan(&broken))
			if broken > 0 {
				t.Errorf("%d indexes are not valid", broken)
			}
		})
	}
}

// A database was last used by a build that knew the newest migration, but not the one before it. The one before it is
// applied as well.
func TestMigrateFillsAGap(t *testing.T) {
	t.Parallel()
	pool := olderDatabase(t, 0)
	check(t, schema.Migrate(t.Context(), pool))
	exec(t, pool, `DELETE FROM goose_db_version WHERE version_id = 19`)
	exec(t, pool, `DROP TABLE replying`)
	if must(schema.IsMigrated(t.Context(), pool))(t) {
		t.Error("a migration is missing, and the database counts as migrated")
	}
	check(t, schema.Migrate(t.Context(), pool))
	exec(t, pool, `SELECT FROM replying`)
	if !must(schema.IsMigrated(t.Context(), pool))(t) {
		t.Error("not migrated")
	}
}

// A new database has dozens of migrations. One line tells that they were applied.
func TestMigrateTellsLittle(t *testing.T) {
	t.Parallel()
	m := migrate(t, olderDatabase(t, 0))
	check(t, m.ends(t))
	close(m.reports)
	told := 0
	for text := range m.reports {
		if strings.HasPrefix(text, "applied") { // on a slow machine there are reminders, too
			told++
		}
	}
	if told != 1 {
		t.Errorf("%d lines tell what was applied, want one", told)
	}
}

// A process that finds another one migrating waits for it, says so, and ends at once when asked to. A process that is
// migrating itself also ends at once when asked to.
func TestMigrateEndsWhenAsked(t *testing.T) {
	t.Parallel()
	t.Run("behind another process", func(t *testing.T) {
		t.Parallel()
		pool := olderDatabase(t, 9)
		other := must(pool.Acquire(t.Context()))(t)
		defer other.Release()
		_, err := other.Exec(t.Context(), `SELECT pg_advisory_lock(4097083626)`) // the key of every released version
		check(t, err)
		m := migrate(t, pool)
		m.tells(t, "waiting for another process that migrates this database; in the way may be", 3)
		m.cancel()
		if err := m.ends(t); !errors.Is(err, context.Canceled) {
			t.Errorf("it ended with %v", err)
		}

		m = migrate(t, pool)
		m.tells(t, "waiting for another process", 1)
		must(other.Exec(t.Context(), `SELECT pg_advisory_unlock(4097083626)`))(t)
		check(t, m.ends(t))
	})

	for name, from := range map[string]int64{"at a statement": 1, "in a transaction": 5, "at an index": 7} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pool := olderDatabase(t, from)
			dump := storetest.OpenDump(t, pool)
			m := migrate(t, pool)
			m.tells(t, "in the way may be", 1)
			m.cancel()
			if err := m.ends(t); !errors.Is(err, context.Canceled) {
				t.Errorf("it ended with %v", err)
			}
			storetest.WaitForRow(t, pool, `
				SELECT
				WHERE NOT EXISTS (
					SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'parley migrate')`)
			check(t, dump.Commit(t.Context()))
			check(t, schema.Migrate(t.Context(), pool)) // what was cut off begins again
		})
	}
}

// PostgreSQL plans a function in SQL anew in each statement that calls it. So only functions that are rarely called,
// or that PostgreSQL inlines, are written in SQL.
func TestFunctionsKeepTheirPlans(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	var names []string
	check(t, pool.QueryRow(t.Context(), `
		SELECT coalesce(array_agg(p.proname::text ORDER BY p.proname), '{}')
		FROM pg_proc AS p
		JOIN pg_language AS l ON l.oid = p.prolang
		WHERE l.lanname = 'sql' AND p.pronamespace = current_schema()::regnamespace`).Scan(&names))
	if want := []string{"find_query", "find_words"}; !slices.Equal(names, want) {
		t.Errorf("functions in SQL: %v, want %v", names, want)
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
