package relay_test

import (
	"testing"
	"time"

	"parley/channels"
	"parley/store"
)

// In these tests the database's clock was six hours ahead for a while, so that due times lie hours away. It is right again when the
// relay starts.

// An event that was journalled, or put aside, while the clock was ahead is applied at once when the clock is right again.
func TestEventsAfterAClockThatWasAhead(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.journalWithoutWaking(mailAccount, fact("k1", "new"), fact("k2", "put aside"))
	h.exec(`UPDATE queues SET due_at = due_at + interval '6 hours'`)
	h.exec(`UPDATE queues SET waits = 1, waits_for = 'id:7:x' WHERE key LIKE '%k2'`)
	h.start()
	h.waitAppliedNames("new", "put aside")
}

// An event that waits for as long as it may goes on waiting when the clock is put right: an hour isn't a fault of a clock.
func TestWaitIsKeptAfterAClockThatWasAhead(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.journalWithoutWaking(mailAccount, fact("k1", "new"), fact("k2", "waits for an hour"))
	h.exec(`UPDATE queues SET due_at = due_at + interval '6 hours' WHERE key LIKE '%k1'`)
	h.exec(`UPDATE queues SET due_at = due_at + interval '1 hour', waits = 1, waits_for = 'id:7:x' WHERE key LIKE '%k2'`)
	h.start()
	h.waitAppliedNames("new")
	h.wantValue("queued events", 1, queuedEvents)
}

// Only a thorough sweep finds what waits for a clock that was ahead. The first sweep is one, also if accounts are opened before it.
func TestFirstSweepIsThorough(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.journalWithoutWaking(mailAccount, fact("k1", "new"))
	h.exec(`UPDATE queues SET due_at = due_at + interval '6 hours'`)
	h.OpenAccount(mailAccount)
	began := time.Now()
	h.start()
	h.waitAppliedNames("new")
	const most = 45 * time.Second // the second thorough sweep comes later than that
	if took := time.Since(began); took > most {
		t.Errorf("the event was applied after %s, want at most %s", took, most)
	}
}

// moveClockAhead notes that the database's clock was seen six hours ahead, so that the relay finds out that it has gone back.
func (h *harness) moveClockAhead() {
	h.t.Helper()
	h.exec(`UPDATE clock_seen SET at = clock_timestamp() + interval '6 hours'`)
}

func TestNewReplyAfterAClockThatWasAhead(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	reply := h.addReply()
	h.moveClockAhead()
	h.exec(`UPDATE lanes SET due_at = due_at + interval '6 hours'`)
	h.exec(`UPDATE deliveries SET not_before = parley_now() + interval '6 hours'`) // its hold
	h.start()
	h.waitState(reply, store.Accepted)
}

func TestRepeatedReplyAfterAClockThatWasAhead(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	reply := h.addReply()
	h.moveClockAhead()
	h.exec(`UPDATE lanes SET due_at = due_at + interval '6 hours'`)
	h.start()
	h.waitState(reply, store.Accepted)
}

// A reply that a process had in hand when it ended is looked for first, and not sent again when it is found.
func TestReplyInHandAfterAClockThatWasAhead(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.reconcile = find(channels.Landed)
	reply := h.addReply()
	h.moveClockAhead()
	h.exec(`UPDATE lanes SET epoch = 1, due_at = due_at + interval '6 hours', leased_until = clock_timestamp() + interval '6 hours'`)
	h.exec(`UPDATE deliveries SET state = 'sending', attempt = 1,
		sent_at = clock_timestamp() + interval '6 hours', first_at = clock_timestamp() + interval '6 hours'`)
	h.start()
	h.waitState(reply, store.Accepted)
	h.wantLooks(1)
	h.wantAttempts()
}

// A gate whose budget was spent gets a new one.
func TestSpentGateAfterAClockThatWasAhead(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.addGateWithRate(1, 1, 1)
	reply := h.addReply()
	h.moveClockAhead()
	h.exec(`UPDATE gates SET next_at = clock_timestamp() + interval '6 hours'`)
	h.start()
	h.waitState(reply, store.Accepted)
}
