package relay_test

import (
	"strings"
	"testing"
	"time"

	"parley/bridge/relay"
	"parley/channels"
	"parley/store/dispatch"
)

// What was journalled, or put aside, while the database's clock was hours ahead is applied once the clock is right
// again, and not hours later. What waits for as long as it may goes on waiting.
func TestClockThatWasAhead(t *testing.T) {
	t.Parallel()
	s := newStage(t).effects()
	s.journal(7, fact("k1", "new"), fact("k2", "put aside"), fact("k3", "waits"))
	s.exec(`UPDATE queues SET due_at = due_at + interval '6 hours'`)
	s.exec(`UPDATE queues SET waits = 1, waits_for = 'id:7:x' WHERE key LIKE '%k2' OR key LIKE '%k3'`)
	s.exec(`UPDATE queues SET due_at = due_at - interval '5 hours' WHERE key LIKE '%k3'`)
	s.start()
	s.eventually("new put aside", `SELECT string_agg(name, ' ' ORDER BY name) FROM effects HAVING count(*) > 1`)
	if got := s.text(queued); got != "1" {
		t.Errorf("%s events wait, want the one that waits for an hour", got)
	}
}

// TestFirstSweepIsThorough: the first sweep is a thorough one, also if accounts are opened before it. So what waits for a clock
// that was ahead goes on at once.
func TestFirstSweepIsThorough(t *testing.T) {
	t.Parallel()
	s := newStage(t).effects()
	s.journal(7, fact("k1", "new"))
	s.exec(`UPDATE queues SET due_at = due_at + interval '6 hours'`)
	s.OpenAccount(7)
	began := time.Now()
	s.start()
	s.eventually("new", `SELECT string_agg(name, ' ') FROM effects`)
	if waited := time.Since(began); waited > 45*time.Second {
		t.Errorf("the event was applied after %s, by a second thorough sweep", waited)
	}
}

// What was to be sent while the database's clock was hours ahead leaves once the clock is right again: a new reply, one that is
// tried again, one behind a budget that was spent, and one that a process had in hand when it ended, which is looked for first.
func TestSendingAfterAClockThatWasAhead(t *testing.T) {
	t.Parallel()
	s := newStage(t).effects()
	s.reconcile = func(dispatch.Claimed) (channels.Outcome, relay.Sent, error) {
		return channels.Landed, relay.Sent{}, nil
	}
	s.gate(1, 0, 1)
	s.gate(2, 1, 1)
	s.laneOn(1, 1, 1, 1)
	s.laneOn(1, 2, 1, 1)
	s.laneOn(1, 3, 1, 1)
	s.laneOn(2, 4, 1, 1)
	s.exec(`UPDATE clock_seen SET at = clock_timestamp() + interval '6 hours'`)
	s.exec(`UPDATE lanes SET due_at = due_at + interval '6 hours' WHERE id < 4`)
	s.exec(`UPDATE deliveries SET not_before = parley_now() + interval '6 hours' WHERE id = 1001`)
	s.exec(`UPDATE lanes SET leased_until = clock_timestamp() + interval '6 hours', epoch = 1 WHERE id = 3`)
	s.exec(`UPDATE deliveries SET state = 'sending', attempt = 1, sent_at = clock_timestamp() + interval '6 hours', first_at = clock_timestamp() + interval '6 hours' WHERE lane_id = 3`)
	s.exec(`UPDATE gates SET next_at = clock_timestamp() + interval '6 hours' WHERE id = 2`)
	s.start()
	s.state(1001, "accepted")
	s.state(2001, "accepted")
	s.state(4001, "accepted")
	s.state(3001, "accepted")
	if got := locked(s, func() int { return s.looks }); got != 1 || strings.Contains(s.sent(), "3001:") {
		t.Errorf("what a process had in hand was looked for %d times; sent were %s", got, s.sent())
	}
}
