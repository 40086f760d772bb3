package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// addTag changes rows. useDatabase looks whether a database is free of it.
const addTag = `INSERT INTO tags (name, color) VALUES ('broken lamp', 'red')`

// useDatabase runs a subtest that takes a database by Reused, checks that it has neither the tag nor the locks of an earlier
// test, and uses it. It returns the database's name. When it returns, the subtest has given the database back.
func useDatabase(t *testing.T, name string, use func(t *testing.T, pool *pgxpool.Pool)) (database string) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		pool := Reused(t)
		database = pool.Config().ConnConfig.Database
		if n := queryInt(t, pool, `SELECT count(*) FROM tags WHERE name = 'broken lamp'`); n != 0 {
			t.Errorf("the database has %d tags of an earlier test, want none", n)
		}
		const countLocks = `
			SELECT count(*)
			FROM pg_locks
			WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`
		if n := queryInt(t, pool, countLocks); n != 0 {
			t.Errorf("the database has %d locks of an earlier test, want none", n)
		}
		use(t, pool)
	})
	return database
}

func queryInt(t *testing.T, pool *pgxpool.Pool, query string) (n int) {
	t.Helper()
	if err := pool.QueryRow(t.Context(), query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// The tests of this file run alone in their binary: parallel ones would take the database that they give back.

func TestDatabaseIsReusedAfterChangesOfRows(t *testing.T) { //nolint:paralleltest // see above
	first := useDatabase(t, "first", func(t *testing.T, pool *pgxpool.Pool) {
		Exec(t, pool, addTag)
		Exec(t, pool, `SELECT pg_advisory_lock(7)`)
		Exec(t, pool, `CREATE TEMP TABLE mine (n int)`)
		Exec(t, pool, `SET statement_timeout = 1`)
		Exec(t, pool, `RESET statement_timeout`)
	})
	second := useDatabase(t, "second", func(*testing.T, *pgxpool.Pool) {})
	if second != first {
		t.Errorf("the second test got %s, want %s, which the first had", second, first)
	}
}

func TestDatabaseIsNotReusedWithAnotherTestsTrigger(t *testing.T) { //nolint:paralleltest // see above
	first := useDatabase(t, "first", func(t *testing.T, pool *pgxpool.Pool) {
		Exec(t, pool, addTag)
		Exec(t, pool, `CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$`)
		Exec(t, pool, `CREATE TRIGGER hold BEFORE INSERT ON tags FOR EACH ROW EXECUTE FUNCTION hold()`)
	})
	second := useDatabase(t, "second", func(*testing.T, *pgxpool.Pool) {})
	if second == first {
		t.Errorf("%s is used again with a trigger of another test", first)
	}
}

func TestDatabaseIsNotReusedWithAnotherTestsDefault(t *testing.T) { //nolint:paralleltest // see above
	first := useDatabase(t, "first", func(t *testing.T, pool *pgxpool.Pool) {
		Exec(t, pool, addTag)
		Exec(t, pool, `ALTER TABLE tags ALTER COLUMN color SET DEFAULT 'blue'`)
	})
	second := useDatabase(t, "second", func(*testing.T, *pgxpool.Pool) {})
	if second == first {
		t.Errorf("%s is used again with a default of another test", first)
	}
}

func TestDatabaseIsReusedThoughItsSessionsEnded(t *testing.T) { //nolint:paralleltest // see above
	first := useDatabase(t, "first", func(t *testing.T, pool *pgxpool.Pool) {
		Exec(t, pool, addTag)
		pool.Reset()
	})
	second := useDatabase(t, "second", func(*testing.T, *pgxpool.Pool) {})
	if second != first {
		t.Errorf("the second test got %s, want %s, which the first had", second, first)
	}
}

// openFurther is how the tests below open a further pool.
func openFurther(ctx context.Context, pool *pgxpool.Pool) (*pgxpool.Pool, error) {
	return pgxpool.NewWithConfig(ctx, pool.Config())
}

func TestFurtherPoolsOfOneTestAreDifferent(t *testing.T) { //nolint:paralleltest // see above
	pool := Reused(t)
	one := Further(t, pool, "more", openFurther)
	two := Further(t, pool, "more", openFurther)
	if one == two {
		t.Error("two further pools of one test are the same")
	}
	if one == pool {
		t.Error("the further pool is the first pool itself")
	}
}

// A further pool serves the next test with the sessions that it has, as if they were new.
func TestFurtherPoolIsReused(t *testing.T) { //nolint:paralleltest // see above
	const getSession = `SELECT pg_backend_pid()`
	var firstSession, secondSession int
	first := useDatabase(t, "first", func(t *testing.T, pool *pgxpool.Pool) {
		further := Further(t, pool, "more", openFurther)
		firstSession = queryInt(t, further, getSession)
		Exec(t, further, `SELECT pg_advisory_lock(7)`)
	})
	second := useDatabase(t, "second", func(t *testing.T, pool *pgxpool.Pool) {
		secondSession = queryInt(t, Further(t, pool, "more", openFurther), getSession)
	})
	if second != first {
		t.Errorf("the second test got %s, want %s, which the first had", second, first)
	}
	if secondSession != firstSession {
		t.Errorf("the second test's further pool has session %d, want %d, which the first had", secondSession, firstSession)
	}
}

// A session that is still being opened when a test ends, since nobody waits for it any more, counts as in use: the pool gets
// it a moment later.
func TestSessionsBeingOpenedAreInUse(t *testing.T) {
	t.Parallel()
	config := DB(t).Config()
	isOpening, mayGoOn := make(chan struct{}), make(chan struct{})
	config.AfterConnect = func(context.Context, *pgx.Conn) error {
		close(isOpening)
		<-mayGoOn
		return nil
	}
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()

	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-isOpening
		cancel()
	}()
	if _, err := pool.Acquire(ctx); err == nil {
		t.Fatal("a session was handed out before it was open")
	}
	if isGivenBack(pool, time.Millisecond) {
		t.Error("a session that is being opened counts as given back")
	}
	close(mayGoOn)
	if !isGivenBack(pool, callTimeout) {
		t.Error("the session was never given back")
	}
}
