package relay_test

import (
	"testing"

	"parley/bridge/relay"
	"parley/store/storetest"
)

// A relay that was given a pool of sessions (Options.Sessions) returns all of them when it ends, without locks and without queues
// that it holds. A second relay then works on the same pool.
func TestSessionsAreReturned(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	sessions, err := relay.OpenSessions(t.Context(), pool)
	check(t, err)
	t.Cleanup(sessions.Close)
	const queueHolders = `SELECT count(*) FROM holders`
	const advisoryLocks = `SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`
	for i, name := range []string{"first", "second"} {
		s := stageOn(t, pool, func(o *relay.Options) { o.Sessions = sessions })
		s.start()
		check(t, s.Accept(t.Context(), 7, fact("k", name)))
		s.waitApplied(i + 1)
		s.stop()
		if got := sessions.Stat().AcquiredConns(); got != 0 {
			t.Errorf("after the %s relay %d sessions are in use, want none", name, got)
		}
		if sessions.Stat().IdleConns() == 0 {
			t.Errorf("after the %s relay no sessions are idle, want some", name)
		}
		s.wantText("0", advisoryLocks)
		s.wantText("0", queueHolders)
	}
}
