package relay_test

import (
	"context"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/bridge/relay"
	"parley/store/storetest"
)

// A relay that was given a pool of sessions (Options.Sessions) returns all of them when it ends, without locks and without queues
// that it holds. A second relay then works on the same pool.
func TestSessionsAreReturned(t *testing.T) {
	t.Parallel()
	const queueHolders = `SELECT count(*) FROM holders`
	const advisoryLocks = `SELECT count(*) FROM pg_locks
		WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`
	pool := storetest.DB(t)
	sessions := must(relay.OpenSessions(t.Context(), pool))(t)
	t.Cleanup(sessions.Close)
	for n, name := range []string{"first", "second"} {
		h := newHarnessOn(t, pool, func(o *relay.Options) { o.Sessions = sessions })
		h.start()
		h.accept(fact("k", name))
		h.waitNumberApplied(n + 1)
		h.stop()
		if got := sessions.Stat().AcquiredConns(); got != 0 {
			t.Errorf("after the %s relay: got %d sessions in use, want none", name, got)
		}
		if sessions.Stat().IdleConns() == 0 {
			t.Errorf("after the %s relay: got no idle sessions, want some", name)
		}
		h.wantValue("advisory locks after the "+name+" relay", 0, advisoryLocks)
		h.wantValue("holders of queues after the "+name+" relay", 0, queueHolders)
	}
}

// An applier that another process took for dead, and whose events may be in other hands, ends its session and works on in a new one.
func TestApplierThatWasTakenForDead(t *testing.T) {
	t.Parallel()
	const hasSession = `SELECT EXISTS (SELECT FROM dead JOIN pg_locks AS held ON held.objid = dead.id AND held.locktype = 'advisory'
		AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database()))`
	h := newHarness(t).start()
	h.accept(fact("k", "first"))
	h.waitNumberApplied(1)
	h.exec(`CREATE TABLE dead AS SELECT id FROM holders`)
	h.wantValue("it has a session", true, hasSession)
	h.exec(`DELETE FROM holders`)
	events := 1
	bringAnother := func() {
		h.accept(fact("k", fmt.Sprint("further ", events)))
		events++
	}
	h.repeatUntil("its session has ended", bringAnother, func() bool { return h.value(hasSession) == "false" })
	h.waitNumberApplied(events)
}

// A sweep that the database holds up doesn't keep back the appliers' signs of life, without which others take them for dead.
func TestSignsOfLifeDuringASlowSweep(t *testing.T) {
	t.Parallel()
	h := newHarness(t).start()
	h.accept(fact("k", "first"))
	h.waitNumberApplied(1)
	tx := storetest.Begin(t, h.pool)
	must(tx.Exec(t.Context(), `LOCK TABLE queues`))(t)
	h.exec(`CREATE TABLE given AS SELECT max(until) AS until FROM holders`)
	h.waitValue("there is another sign of life", true, `SELECT max(holders.until) > max(given.until) FROM holders, given`)
}

// A session that PostgreSQL ended between two uses (an idle_session_timeout, a restart, an administrator) is not handed out again
// and again. It was if its plans were to be made anew at that moment, for as long as somebody asked within each second.
func TestEndedSessionIsReplaced(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	sessions, err := relay.OpenSessions(t.Context(), pool)
	check(t, err)
	t.Cleanup(sessions.Close)
	conn, err := sessions.Acquire(t.Context())
	check(t, err)
	relay.MakePlansDue(conn.Conn())
	_, err = pool.Exec(t.Context(), `SELECT pg_terminate_backend($1, 10000)`, conn.Conn().PgConn().PID())
	check(t, err)
	conn.Release()
	check(t, sessions.Ping(t.Context()))
}

// fewConnections is a server that takes no more than so many connections.
type fewConnections struct {
	left atomic.Int64
	dial pgconn.DialFunc
}

func (f *fewConnections) connect(ctx context.Context, network, address string) (net.Conn, error) {
	if f.left.Add(-1) < 0 {
		f.left.Add(1)
		return nil, &pgconn.PgError{Severity: "FATAL", Code: "53300", Message: "sorry, too many clients already"}
	}
	conn, err := f.dial(ctx, network, address)
	if err != nil {
		f.left.Add(1)
		return nil, err
	}
	return &countedConnection{Conn: conn, closed: sync.OnceFunc(func() { f.left.Add(1) })}, nil
}

type countedConnection struct {
	net.Conn

	closed func()
}

func (c *countedConnection) Close() error {
	defer c.closed()
	return c.Conn.Close()
}

// Connections that were opened since the last ones were given back are kept for a while, also if the server has none left again.
func TestConnectionsAreGivenBackOnce(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	h := newHarnessOn(t, pool)
	scarce := &pgconn.PgError{Code: "53300"}
	h.Warn(t.Context(), scarce)
	check(t, pool.Ping(t.Context()))
	opened := pool.Stat().NewConnsCount()
	h.Warn(t.Context(), scarce)
	check(t, pool.Ping(t.Context()))
	if n := pool.Stat().NewConnsCount() - opened; n != 0 {
		t.Errorf("%d connections were opened anew, want none", n)
	}
}

// A relay whose server has no connection left works with those that its own process has open and doesn't use. It stood still for as
// long as they were idle.
func TestFewConnections(t *testing.T) {
	t.Parallel()
	const most = 12
	whole := storetest.DB(t)
	config := whole.Config()
	server := &fewConnections{dial: config.ConnConfig.DialFunc}
	server.left.Store(most)
	config.ConnConfig.DialFunc = server.connect
	config.MaxConns = most
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	check(t, err)
	t.Cleanup(pool.Close)
	var all []*pgxpool.Conn
	for range most {
		conn, err := pool.Acquire(t.Context())
		check(t, err)
		all = append(all, conn)
	}
	for _, conn := range all {
		conn.Release()
	}

	h := newHarnessOn(t, pool)
	h.pool = whole // the test itself looks by connections that the relay doesn't need
	h.start()
	h.waitUntil("the fact is stored", func() bool { return h.Accept(t.Context(), mailAccount, fact("k", "first")) == nil })
	h.waitNumberApplied(1)
}
