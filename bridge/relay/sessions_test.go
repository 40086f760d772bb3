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
		s.effects().start()
		check(t, s.Accept(t.Context(), 7, fact("k", name)))
		s.waitApplied(i + 1)
		s.stop()
		if stat := sessions.Stat(); stat.AcquiredConns() != 0 || stat.IdleConns() == 0 {
			t.Errorf("after the %s relay: %d sessions in use (want 0), %d idle (want some)", name, stat.AcquiredConns(), stat.IdleConns())
		}
		if held, holders := s.text(advisoryLocks), s.text(queueHolders); held != "0" || holders != "0" {
			t.Errorf("after the %s relay there are %s locks and %s holders", name, held, holders)
		}
	}
}
