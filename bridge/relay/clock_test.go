package relay_test

import (
	"strings"
	"testing"
	"time"

	"parley/bridge/relay"
	"parley/channels"
	"parley/store"
	"parley/store/dispatch"
)

// What was journalled, or put aside, while the database's clock was hours ahead is applied once the clock is right
// again, and not hours later. What waits for as long as it may goes on waiting.
func TestClockThatWasAhead(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.journalSilently(7, fact("k1", "new"), fact("k2", "put aside"), fact("k3", "waits"))
	s.exec(`UPDATE queues SET due_at = due_at + interval '6 hours'`)
	s.exec(`UPDATE queues SET waits = 1, waits_for = 'id:7:x' WHERE key LIKE '%k2' OR key LIKE '%k3'`)
	s.exec(`UPDATE queues SET due_at = due_at - interval '5 hours' WHERE key LIKE '%k3'`)
	s.start()
	s.waitText("new put aside", `SELECT string_agg(name, ' ' ORDER BY name) FROM effects HAVING count(*) > 1`)
	s.wantText("1", queued) // the one that waits for an hour
}

// The first sweep is a thorough one, also if accounts are opened before it. So what waits for a clock that was ahead goes on at once.
func TestFirstSweepIsThorough(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.journalSilently(7, fact("k1", "new"))
	s.exec(`UPDATE queues SET due_at = due_at + interval '6 hours'`)
	s.OpenAccount(7)
	began := time.Now()
	s.start()
	s.waitText("new", `SELECT string_agg(name, ' ') FROM effects`)
	if waited, most := time.Since(began), 45*time.Second; waited > most {
		t.Errorf("the event was applied after %s, by a second thorough sweep, want at most %s", waited, most)
	}
}

// What was to be sent while the database's clock was hours ahead leaves once the clock is right again: a new reply, one that is
// tried again, one behind a budget that was spent, and one that a process had in hand when it ended, which is looked for first.
func TestSendingAfterAClockThatWasAhead(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.reconcile = func(dispatch.Claimed) (channels.Outcome, relay.Sent, error) {
		return channels.Landed, relay.Sent{}, nil
	}
	s.addGate(1)
	const withoutRate, spentBudget = 1, 2 // gates
	s.addGateWithRate(spentBudget, 1, 1)
	const fresh, again, inHand, behindBudget = 1, 2, 3, 4 // lanes
	for _, id := range []store.GateID{fresh, again, inHand} {
		s.addLaneBehind(withoutRate, lane{id: id, priority: store.PrioritySay, deliveries: 1})
	}
	s.addLaneBehind(spentBudget, lane{id: behindBudget, priority: store.PrioritySay, deliveries: 1})
	s.exec(`UPDATE clock_seen SET at = clock_timestamp() + interval '6 hours'`)
	s.exec(`UPDATE lanes SET due_at = due_at + interval '6 hours' WHERE id < 4`)
	s.exec(`UPDATE deliveries SET not_before = parley_now() + interval '6 hours' WHERE id = 1001`)
	s.exec(`UPDATE lanes SET leased_until = clock_timestamp() + interval '6 hours', epoch = 1 WHERE id = 3`)
	s.exec(`UPDATE deliveries SET state = 'sending', attempt = 1, sent_at = clock_timestamp() + interval '6 hours', first_at = clock_timestamp() + interval '6 hours' WHERE lane_id = 3`)
	s.exec(`UPDATE gates SET next_at = clock_timestamp() + interval '6 hours' WHERE id = 2`)
	s.start()
	for _, lane := range []int64{fresh, again, inHand, behindBudget} {
		s.waitState(lane*1000+1, "accepted")
	}
	s.wantLooks(1) // for what a process had in hand
	if got := s.attemptsMade(); strings.Contains(got, "3001:") {
		t.Errorf("the attempts were %q, want none at what a process had in hand, 3001", got)
	}
}
