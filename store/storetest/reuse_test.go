package storetest

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Reused gives a test the database of an earlier one, if that one's changes can be undone. The tests below run a first
// and a second subtest on databases of Reused, and compare the names of the databases. They aren't parallel: a test
// beside them could take the database that the first subtest gives back.

// runOnReused runs a subtest on a database of Reused, and returns the database's name. By then the subtest has given the
// database back.
func runOnReused(t *testing.T, name string, use func(t *testing.T, pool *pgxpool.Pool)) (database string) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		pool := Reused(t)
		database = pool.Config().ConnConfig.Database
		use(t, pool)
	})
	return database
}

// addTag changes rows. checkClean looks for the tag.
const addTag = `INSERT INTO tags (name, color) VALUES ('broken lamp', 'red')`

// takeLock takes an advisory lock, which lasts as long as the session. checkClean looks for it.
const takeLock = `SELECT pg_advisory_lock(7)`

// checkClean checks that a database holds neither the tag of addTag nor any advisory lock.
func checkClean(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	const countTags = `SELECT count(*) FROM tags WHERE name = 'broken lamp'`
	if n := queryInt(t, pool, countTags); n != 0 {
		t.Errorf("the database has %d tags of an earlier test, want none", n)
	}
	const countLocks = `
		SELECT count(*)
		FROM pg_locks
		WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`
	if n := queryInt(t, pool, countLocks); n != 0 {
		t.Errorf("the database has %d advisory locks of an earlier test, want none", n)
	}
}

// queryInt runs a query that gives one number.
func queryInt(t *testing.T, pool *pgxpool.Pool, query string) (n int) {
	t.Helper()
	if err := pool.QueryRow(t.Context(), query).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

// openSame opens a further pool with the settings of the first one.
func openSame(ctx context.Context, pool *pgxpool.Pool) (*pgxpool.Pool, error) {
	return pgxpool.NewWithConfig(ctx, pool.Config())
}

// A test's changes of rows and of its sessions are undone, and the next test gets the same database.
func TestDatabaseIsReusedAfterChangesOfRowsAndSessions(t *testing.T) { //nolint:paralleltest // see the top of the file
	first := runOnReused(t, "first", func(t *testing.T, pool *pgxpool.Pool) {
		checkClean(t, pool)
		Exec(t, pool, addTag)
		Exec(t, pool, takeLock)
		Exec(t, pool, `CREATE TEMP TABLE mine (n int)`)
		// A limit of 1 ms would also end the later statements of this test, so it is reset at once.
		Exec(t, pool, `SET statement_timeout = 1`)
		Exec(t, pool, `RESET statement_timeout`)
	})
	second := runOnReused(t, "second", checkClean)
	if second != first {
		t.Errorf("the second test got database %s, want %s again", second, first)
	}
}

// A trigger with its function and sequence is dropped, and the next test gets the same database. Other changes of the schema
// can't be undone: the database is dropped.
func TestDatabaseAfterChangesOfItsSchema(t *testing.T) { //nolint:paralleltest // see the top of the file
	const (
		addSequence = `CREATE SEQUENCE calls`
		addFunction = `CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM nextval('calls'); RAISE 'held'; END $$`
		addTrigger  = `CREATE TRIGGER hold BEFORE INSERT ON tags FOR EACH ROW EXECUTE FUNCTION hold()`
	)
	for name, test := range map[string]struct {
		changes  []string
		isReused bool
	}{
		"trigger": {[]string{addTag, addSequence, addFunction, addTrigger}, true},
		"table":   {[]string{addTag, `CREATE TABLE mine (n int)`}, false},
		"default": {[]string{addTag, addSequence, `ALTER TABLE tags ALTER color SET DEFAULT 'blue'`}, false},
		"removed": {[]string{addTag, `ALTER TABLE tags DISABLE TRIGGER USER`, `ALTER TABLE tags RENAME color TO colour`}, false},
	} {
		t.Run(name, func(t *testing.T) {
			first := runOnReused(t, "first", func(t *testing.T, pool *pgxpool.Pool) {
				checkClean(t, pool)
				for _, change := range test.changes {
					Exec(t, pool, change)
				}
			})
			second := runOnReused(t, "second", func(t *testing.T, pool *pgxpool.Pool) {
				checkClean(t, pool)
				Exec(t, pool, addTag)
			})
			if isReused := second == first; isReused != test.isReused {
				t.Errorf("the second test got database %s after %s, want the same one: %t", second, first, test.isReused)
			}
		})
	}
}

// The next test gets a further pool with its open sessions, without their locks.
func TestFurtherPoolIsReusedWithItsSessions(t *testing.T) { //nolint:paralleltest // see the top of the file
	const getSession = `SELECT pg_backend_pid()`
	var firstSession, secondSession int
	first := runOnReused(t, "first", func(t *testing.T, pool *pgxpool.Pool) {
		checkClean(t, pool)
		further := Further(t, pool, "more", openSame)
		firstSession = queryInt(t, further, getSession)
		Exec(t, further, takeLock)
	})
	second := runOnReused(t, "second", func(t *testing.T, pool *pgxpool.Pool) {
		checkClean(t, pool)
		secondSession = queryInt(t, Further(t, pool, "more", openSame), getSession)
	})
	if second != first {
		t.Fatalf("the second test got database %s, want %s again", second, first)
	}
	if secondSession != firstSession {
		t.Errorf("the second test's further pool has session %d, want %d, which the first had", secondSession, firstSession)
	}
}
