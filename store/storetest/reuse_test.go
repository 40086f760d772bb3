package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// use takes a database for one test, does something with it, and gives it back.
func use(t *testing.T, name string, do func(t *testing.T, pool *pgxpool.Pool)) (database string) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		pool := Reused(t)
		database = pool.Config().ConnConfig.Database
		if n, err := count(t, pool, `SELECT count(*) FROM tags WHERE name = 'broken lamp'`); n != 0 || err != nil {
			t.Errorf("%d rows are there already, %v", n, err)
		}
		if n, err := count(t, pool, `SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`); n != 0 || err != nil {
			t.Errorf("there are %d locks already, %v", n, err)
		}
		do(t, pool)
	})
	return database
}

func count(t *testing.T, pool *pgxpool.Pool, query string) (n int, err error) {
	t.Helper()
	err = pool.QueryRow(t.Context(), query).Scan(&n)
	return n, err
}

func exec(t *testing.T, pool *pgxpool.Pool, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if _, err := pool.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
}

// A test after another finds a database as new, in the sessions of the other; but what was made other than by rows is not used again.
func TestReused(t *testing.T) { //nolint:paralleltest // others would take what this one gives back
	const tag = `INSERT INTO tags (name, color) VALUES ('broken lamp', 'red')`
	first := use(t, "rows", func(t *testing.T, pool *pgxpool.Pool) {
		exec(t, pool, tag, `SELECT pg_advisory_lock(7)`, `CREATE TEMP TABLE mine (n int)`, `SET statement_timeout = 1`, `RESET statement_timeout`)
	})
	second := use(t, "a trigger", func(t *testing.T, pool *pgxpool.Pool) {
		exec(t, pool, tag, `CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$`, `CREATE TRIGGER hold BEFORE INSERT ON tags FOR EACH ROW EXECUTE FUNCTION hold()`)
	})
	if first != second {
		t.Errorf("%s was not used again, but %s", first, second)
	}
	changed := use(t, "a default", func(t *testing.T, pool *pgxpool.Pool) {
		exec(t, pool, tag, `ALTER TABLE tags ALTER COLUMN color SET DEFAULT 'blue'`)
	})
	third := use(t, "sessions that ended", func(t *testing.T, pool *pgxpool.Pool) {
		exec(t, pool, tag)
		pool.Reset()
	})
	if second == changed || changed == third {
		t.Error("a database is used again with a trigger or a default of another test")
	}
	if fourth := use(t, "the last", func(*testing.T, *pgxpool.Pool) {}); fourth != third {
		t.Errorf("%s was not used again, but %s", third, fourth)
	}
}

// A further pool serves the next test with the sessions that it has, as if they were new; two at a time are two.
func TestFurther(t *testing.T) { //nolint:paralleltest // others would take what this one gives back
	open := func(ctx context.Context, pool *pgxpool.Pool) (*pgxpool.Pool, error) {
		return pgxpool.NewWithConfig(ctx, pool.Config())
	}
	session := func(t *testing.T, pool *pgxpool.Pool) (pid int) {
		t.Helper()
		pid, err := count(t, pool, `SELECT pg_backend_pid()`)
		if err != nil {
			t.Fatal(err)
		}
		return pid
	}
	var before int
	first := use(t, "before", func(t *testing.T, pool *pgxpool.Pool) {
		one, two := Further(t, pool, "more", open), Further(t, pool, "more", open)
		if one == two || one == pool {
			t.Error("two that are wanted at a time are one")
		}
		before = session(t, one)
		exec(t, one, `SELECT pg_advisory_lock(7)`)
	})
	second := use(t, "after", func(t *testing.T, pool *pgxpool.Pool) {
		if after := session(t, Further(t, pool, "more", open)); after != before {
			t.Errorf("session %d was not used again, but %d", before, after)
		}
	})
	if first != second {
		t.Errorf("%s was not used again, but %s", first, second)
	}
}

// A session that is still being opened when a test ends, since nobody waits for it any more, is not lost from sight: the
// pool gets it a moment later.
func TestSessionsBeingOpenedAreInUse(t *testing.T) {
	t.Parallel()
	config := DB(t).Config()
	began, goOn := make(chan struct{}), make(chan struct{})
	config.AfterConnect = func(context.Context, *pgx.Conn) error {
		close(began)
		<-goOn
		return nil
	}
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-began
		cancel()
	}()
	if _, err := pool.Acquire(ctx); err == nil {
		t.Fatal("a session was handed out")
	}
	if isGivenBack(pool, time.Millisecond) {
		t.Error("a session that is being opened doesn't count")
	}
	close(goOn)
	if !isGivenBack(pool, callTimeout) {
		t.Error("the session was never given back")
	}
}
