package relay_test

import (
	"testing"

	"parley/bridge/relay"
	"parley/store/storetest"
)

// A relay that ends gives back the sessions that it was lent: they hold nothing any more, and another relay works on them.
func TestLentSessions(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	sessions, err := relay.OpenSessions(t.Context(), pool)
	check(t, err)
	t.Cleanup(sessions.Close)
	const locks = `SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`
	for i, name := range []string{"first", "second"} {
		s := stageOn(t, pool, func(o *relay.Options) { o.Sessions = sessions }).effects().start()
		check(t, s.Accept(t.Context(), 7, fact("k", name)))
		s.applied7(i + 1)
		s.stop()
		if stat := sessions.Stat(); stat.AcquiredConns() != 0 || stat.IdleConns() == 0 {
			t.Errorf("after the %s relay %d sessions are in use and %d are there", name, stat.AcquiredConns(), stat.IdleConns())
		}
		if held, holders := s.text(locks), s.text(`SELECT count(*) FROM holders`); held != "0" || holders != "0" {
			t.Errorf("after the %s relay there are %s locks and %s holders", name, held, holders)
		}
	}
}
