// Package storetest gives tests real, migrated PostgreSQL databases.
//
// The first call in a test binary starts a private server (fsync off) that ends with the binary,
// or uses the one that PARLEY_TEST_DATABASE_URL names. The schema is built once into a template
// whose name holds a hash of the migrations; every database is a copy of it. Clusters and
// templates are kept for the next run, in memory (/dev/shm) where there is room, else in the
// temporary folder: neither is a place to measure how fast the program is.
//
// Tests inside package store must be in package store_test. Not here: sample data, fakes.
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
	startTimeout = 5 * time.Minute // of the server, with its template
	callTimeout  = 2 * time.Minute // of one call to it
	leakTimeout  = time.Minute     // after which a connection that a test has not given back counts as lost
	appNameBytes = 63              // longer ones are cut by the server with a notice
)

// DB returns a pool on a database of the test's own, with every migration applied. It is closed
// and dropped at cleanup; a connection that the test never gave back fails the test.
func DB(t testing.TB) *pgxpool.Pool {
	t.Helper()
	pool := open(t, URL(t))
	t.Cleanup(func() { closePool(t, pool, leakTimeout) })
	return pool
}

// URL returns the connection URL of a database of the test's own, for code that opens its own
// pool and for other processes. It is dropped at cleanup, whoever is still connected.
func URL(t testing.TB) string {
	t.Helper()
	s := sharedServer(t)
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	name := s.nextName()
	if err := s.clone(ctx, name); err != nil {
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

// Tx returns a transaction that is rolled back at cleanup, in a database that the binary's tests
// share: cheaper than DB, but nothing may be committed, and locks and sequences are shared. A test
// that ends the transaction itself fails.
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

// sharedServer is the binary's server.
func sharedServer(t testing.TB) *server {
	t.Helper()
	s, err := binaryServer()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

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

// closePool closes a pool. It fails the test if connections are not given back in time.
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
