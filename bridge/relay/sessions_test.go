package relay_test

import (
	"fmt"
	"testing"

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
