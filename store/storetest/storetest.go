// Package storetest provides tests with real, migrated PostgreSQL databases:
//
//	pool := storetest.DB(t) // a new database of this test, dropped when the test ends
//
// DB is the default. Tx is cheaper, for tests that commit nothing, and Reused for tests of a whole engine.
//
// The first call in a test binary starts a private server without fsync, which ends with the binary, or connects to the
// one in PARLEY_TEST_DATABASE_URL. The migrations are applied once, to a template database, and every other database is
// a copy of it. Data folders and templates are kept for the next run, in memory (/dev/shm) if there is room and in the
// temporary folder otherwise. So don't measure performance with these databases.
//
// Tests of package store must be in package store_test, to avoid an import cycle.
//
// What does not belong here: sample data and fakes.
package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	startTimeout = 5 * time.Minute // to start the server and build the template
	callTimeout  = 2 * time.Minute // for one call to the server
	leakTimeout  = time.Minute     // after which a connection that a test has not released counts as leaked
	appNameBytes = 63              // PostgreSQL truncates longer names, with a notice
)

// DB returns a pool on a new database of this test, with every migration applied. The pool is closed and the database
// dropped at cleanup. If a connection was not released by then, the test fails.
func DB(t testing.TB) *pgxpool.Pool {
	t.Helper()
	pool := open(t, URL(t))
	t.Cleanup(func() { closePool(t, pool, leakTimeout) })
	return pool
}

// URL returns the connection URL of a new database of this test, for code that opens its own pool and for other
// processes. The database is dropped at cleanup, even if somebody is still connected.
func URL(t testing.TB) string {
	t.Helper()
	return copyOf(t, sharedServer(t).template)
}

// EmptyURL is like URL, for a database without tables, into which a backup can be restored.
func EmptyURL(t testing.TB) string {
	t.Helper()
	return copyOf(t, "template0")
}

func copyOf(t testing.TB, template string) (url string) {
	t.Helper()
	s := sharedServer(t)
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	name := s.nextName()
	if err := s.copy(ctx, name, template); err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
		defer cancel()
		if err := s.drop(ctx, name); err != nil {
			t.Error(err)
		}
	})

	return s.databaseURL(name)
}

// Tx returns a transaction that is rolled back at cleanup, in a database that all tests of the binary share. It is cheaper
// than DB, but the test must not commit, and tests share locks and sequences. A test that ends the transaction fails.
func Tx(t testing.TB) pgx.Tx {
	t.Helper()
	s := sharedServer(t)
	pool, err := s.shared()
	if err != nil {
		t.Fatal(err)
	}

	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	conn, err := pool.Acquire(ctx)
	if err != nil {
		t.Fatalf("storetest: transaction: %v", err)
	}

	t.Cleanup(conn.Release)
	tx, err := conn.Begin(ctx)
	if err != nil {
		t.Fatalf("storetest: transaction: %v", err)
	}

	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
		defer cancel()

		if err := tx.Rollback(ctx); errors.Is(err, pgx.ErrTxClosed) {
			t.Error("storetest: the test ended its transaction itself: use DB where commits matter")
		} else if err != nil {
			t.Errorf("storetest: rollback: %v", err)
		}
	})

	return tx
}

// sharedServer returns the server of the test binary. It fails the test if the server can't be started.
func sharedServer(t testing.TB) *server {
	t.Helper()
	s, err := binaryServer()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// open returns a pool whose sessions have the test's name, which helps to find out who holds a lock.
func open(t testing.TB, url string) *pgxpool.Pool {
	t.Helper()
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		t.Fatalf("storetest: %v", err)
	}
	name := t.Name()
	config.ConnConfig.RuntimeParams["application_name"] = name[:min(len(name), appNameBytes)]
	pool, err := pgxpool.NewWithConfig(context.Background(), config)
	if err != nil {
		t.Fatalf("storetest: %v", err)
	}
	return pool
}

// closePool closes a pool. It fails the test if connections are not released within wait.
func closePool(t testing.TB, pool *pgxpool.Pool, wait time.Duration) {
	t.Helper()
	closed := make(chan struct{})
	go func() { pool.Close(); close(closed) }()
	select {
	case <-closed:
	case <-time.After(wait):
		t.Errorf("storetest: %d connections were never given back", pool.Stat().AcquiredConns())
	}
}
