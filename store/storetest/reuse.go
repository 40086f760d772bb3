package storetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/pgxpool"
)

// A new database for each test is safest but slow, since the caches of its sessions are empty. Reused passes a database
// from one test to the next and restores its first content in between. The databases that no test uses are on a shelf.

// maxUses limits how many tests use one database, since each test leaves dead rows in its tables. PostgreSQL removes most
// of them soon, and a new database costs more than a second of CPU time, so the limit is high.
const maxUses = 200

// Reused returns a pool on a database with the same content as a new one, as DB does, but an earlier test may have used it.
// Its sessions then have warm caches and prepared statements, which saves a third of the cost of a test of a whole
// engine. Tests that check plans, sizes or sessions can't use it, because an earlier test affects these. Triggers, functions
// and sequences that a test has added are dropped when it ends. The database itself is dropped after a test that failed,
// or that changed tables, functions or triggers of the migrations.
func Reused(t testing.TB) *pgxpool.Pool {
	t.Helper()
	s := sharedServer(t)
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	u, err := s.shelf.take(ctx, s)
	if err != nil {
		t.Fatalf("storetest: %v", err)
	}

	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
		defer cancel()

		if !isGivenBack(u.pool, leakTimeout) {
			t.Errorf("storetest: %d connections were never given back", u.pool.Stat().AcquiredConns())
		}

		for _, further := range u.allFurther() {
			if !isGivenBack(further, leakTimeout) {
				t.Errorf("storetest: %d connections of a further pool were never given back", further.Stat().AcquiredConns())
			}
		}

		if err := s.shelf.put(ctx, s, u, t.Failed()); err != nil {
			t.Error(err)
		}
	})

	return u.pool
}

// Further returns another pool on the database of a pool that Reused returned to this test. It reuses a pool that open made
// for an earlier test under the same name, or calls open. The pool is closed when the database is dropped.
func Further(
	t testing.TB, pool *pgxpool.Pool, name string, open func(context.Context, *pgxpool.Pool) (*pgxpool.Pool, error),
) *pgxpool.Pool {
	t.Helper()
	u := sharedServer(t).shelf.lentTo(pool)
	if u == nil {
		t.Fatal("storetest: Further wants a pool of Reused")
	}

	if u.lent[name] == len(u.further[name]) {
		further, err := open(context.Background(), pool) // it outlives the test
		if err != nil {
			t.Fatalf("storetest: further pool: %v", err)
		}
		u.further[name] = append(u.further[name], further)
	}

	u.lent[name]++
	return u.further[name][u.lent[name]-1]
}

// used is a database that tests use one after the other.
type used struct {
	name    string
	pool    *pgxpool.Pool
	fresh   *Fresh
	form    string // what formOf returned when the database was new
	times   int
	further map[string][]*pgxpool.Pool // the pools of Further, by their names
	lent    map[string]int             // how many pools of each name the current test has, from the first on
}

// allFurther returns the pools of Further.
func (u *used) allFurther() []*pgxpool.Pool {
	return slices.Concat(slices.Collect(maps.Values(u.further))...)
}

// close closes all pools. It blocks until all of their connections are released.
func (u *used) close() {
	u.fresh.Close()
	u.pool.Close()
	for _, further := range u.allFurther() {
		further.Close()
	}
}

// shelf keeps the databases that tests use one after the other.
type shelf struct {
	mu   sync.Mutex
	free []*used // no test uses them now
	busy []*used
}

// lentTo returns the database of a pool, nil if the pool isn't one of Reused.
func (sh *shelf) lentTo(pool *pgxpool.Pool) *used {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	for _, u := range sh.busy {
		if u.pool == pool {
			return u
		}
	}
	return nil
}

// take returns a database that no other test uses: a free one, or else a new one.
func (sh *shelf) take(ctx context.Context, s *server) (*used, error) {
	u := sh.pick()
	if u == nil {
		var err error
		if u, err = newUsed(ctx, s); err != nil {
			return nil, err
		}
	}
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.busy = append(sh.busy, u)
	return u, nil
}

// pick takes a free database; nil if there is none.
func (sh *shelf) pick() *used {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	last := len(sh.free) - 1
	if last < 0 {
		return nil
	}
	u := sh.free[last]
	sh.free = sh.free[:last]
	return u
}

// newUsed makes a database and remembers its content.
func newUsed(ctx context.Context, s *server) (*used, error) {
	u := &used{name: s.nextName(), further: map[string][]*pgxpool.Pool{}, lent: map[string]int{}}
	if err := s.clone(ctx, u.name); err != nil {
		return nil, err
	}

	config, err := pgxpool.ParseConfig(s.databaseURL(u.name))
	if err != nil {
		return nil, errors.Join(err, s.drop(ctx, u.name))
	}
	config.ConnConfig.BuildContextWatcherHandler = endStatementAlone
	if u.pool, err = pgxpool.NewWithConfig(context.WithoutCancel(ctx), config); err != nil {
		return nil, err
	}
	if u.fresh, err = Remember(ctx, u.pool); err == nil {
		u.form, err = formOf(ctx, u.pool)
	}
	if err != nil {
		u.pool.Close()
		return nil, errors.Join(err, s.drop(ctx, u.name))
	}

	return u, nil
}

// endStatementAlone lets a cancelled context end the statement that runs, and not the session as well, as is usual: whenever a test
// stops an engine, some statements are running, and to fill the caches of new sessions costs more than most tests. Statements that
// are soon ready aren't ended.
func endStatementAlone(conn *pgconn.PgConn) ctxwatch.Handler {
	return &pgconn.CancelRequestContextWatcherHandler{Conn: conn, CancelRequestDelay: 100 * time.Millisecond, DeadlineDelay: callTimeout}
}

// put returns a database to the shelf after a test. It drops the database if spoilt is true, if it can't be restored, or
// after maxUses tests.
func (sh *shelf) put(ctx context.Context, s *server, u *used, spoilt bool) error {
	sh.mu.Lock()
	sh.busy = slices.DeleteFunc(sh.busy, func(b *used) bool { return b == u })
	sh.mu.Unlock()
	u.times++
	err := u.pool.Ping(ctx) // opens a session if the test has ended all of them
	if err == nil && !spoilt && u.times < maxUses {
		var isRestored bool
		if isRestored, err = u.restore(ctx); isRestored {
			sh.mu.Lock()
			defer sh.mu.Unlock()
			sh.free = append(sh.free, u)
			return nil
		}
	}

	err = errors.Join(err, s.drop(ctx, u.name)) // even if somebody is still connected
	go u.close()
	return err
}

// restore restores the content of a new database. It returns false if that failed, or if the test changed tables, functions
// or triggers in a way that can't be undone.
func (u *used) restore(ctx context.Context) (bool, error) {
	form, err := formOf(ctx, u.pool)
	if err == nil && form != u.form {
		if err = u.dropAdded(ctx); err == nil {
			form, err = formOf(ctx, u.pool)
		}
	}
	if err != nil || form != u.form {
		return false, err
	}
	err = endSessionState(ctx, u.pool)
	for _, further := range u.allFurther() {
		err = errors.Join(err, endSessionState(ctx, further))
	}
	clear(u.lent)
	err = errors.Join(err, u.fresh.Restore(ctx, u.allFurther()...))
	return err == nil, err
}

// dropAdded drops the triggers, functions and sequences that were added since the database was made. These are the ones whose
// oid is higher than the database's own: PostgreSQL counts oids up, and all else was copied from the template.
func (u *used) dropAdded(ctx context.Context) error {
	const list = `
		WITH made AS (
			SELECT oid
			FROM pg_database
			WHERE datname = current_database())
		SELECT format('DROP TRIGGER IF EXISTS %I ON %s', tgname, tgrelid::regclass)
		FROM pg_trigger, made
		WHERE pg_trigger.oid > made.oid AND NOT tgisinternal
		UNION ALL
		SELECT format('DROP FUNCTION %s CASCADE', pg_proc.oid::regprocedure)
		FROM pg_proc, made
		WHERE pg_proc.oid > made.oid AND pronamespace = 'public'::regnamespace
		UNION ALL
		SELECT format('DROP SEQUENCE %s CASCADE', pg_class.oid::regclass)
		FROM pg_class, made
		WHERE pg_class.oid > made.oid AND relnamespace = 'public'::regnamespace AND relkind = 'S'`
	statements, err := readTexts(ctx, u.pool, list)
	if err != nil {
		return err
	}
	const patience = "SET LOCAL lock_timeout = '10s';" // somebody may have left a transaction open
	if _, err := u.pool.Exec(ctx, patience+strings.Join(statements, ";")); err != nil {
		return fmt.Errorf("storetest: drop what a test added: %w", err)
	}
	return nil
}

// endSessionState releases what idle sessions hold: locks, settings, temporary tables. Prepared statements stay.
func endSessionState(ctx context.Context, pool *pgxpool.Pool) error {
	var errs []error
	for _, conn := range pool.AcquireAllIdle(ctx) {
		_, err := conn.Conn().PgConn().Exec(ctx,
			"SELECT pg_advisory_unlock_all(); UNLISTEN *; RESET ALL; DISCARD TEMP; DISCARD SEQUENCES").ReadAll()
		conn.Release()
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// isGivenBack waits until no connection of a pool is in use. It returns false if one still is after patience. A connection
// that is being opened counts as in use, since it joins the pool a moment later.
func isGivenBack(pool *pgxpool.Pool, patience time.Duration) bool {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	over := time.After(patience)
	for {
		if now := pool.Stat(); now.AcquiredConns()+now.ConstructingConns() == 0 {
			return true
		}
		select {
		case <-tick.C:
		case <-over:
			return false
		}
	}
}

// formOf returns a checksum of the schema: tables, columns, defaults, functions, triggers and constraints. It runs after
// each test, so it is cheap: a changed default is recognized by its new oid, and only oids from 16384 on are read, since
// lower ones belong to PostgreSQL.
func formOf(ctx context.Context, pool *pgxpool.Pool) (string, error) {
	const ask = `
		WITH own AS (
			SELECT oid, relname, relnatts, relpersistence
			FROM pg_class
			WHERE oid >= 16384 AND relnamespace = 'public'::regnamespace)
		SELECT concat_ws(' ',
			(SELECT sum(hash_record_extended(own, 0)) FROM own),
			(SELECT sum(hash_record_extended(ROW(attrelid, attnum, attname, atttypid, attnotnull), 0))
				FROM pg_attribute
				WHERE attnum > 0 AND attrelid = ANY(ARRAY(SELECT oid FROM own))),
			(SELECT sum(hash_record_extended(ROW(oid, adrelid, adnum), 0)) FROM pg_attrdef),
			(SELECT sum(hash_record_extended(ROW(oid, proname, prosrc), 0))
				FROM pg_proc
				WHERE oid >= 16384 AND pronamespace = 'public'::regnamespace),
			(SELECT sum(hash_record_extended(ROW(oid, tgname, tgenabled), 0)) FROM pg_trigger),
			(SELECT sum(hash_record_extended(ROW(oid, convalidated), 0)) FROM pg_constraint))`

	var form string
	if err := pool.QueryRow(ctx, ask).Scan(&form); err != nil {
		return "", fmt.Errorf("storetest: form: %w", err)
	}

	return form, nil
}
