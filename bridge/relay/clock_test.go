package relay_test

import "testing"

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
