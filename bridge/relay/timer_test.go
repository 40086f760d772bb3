package relay_test

import (
	"testing"
	"time"

	"parley/store"
)

// A timer fires once, on one of two replicas, when Parley's clock says so. A cancelled one never does, and one that was set again
// does so at its new time only.
func TestTimers(t *testing.T) {
	t.Parallel()
	a := newHarness(t)
	b := newHarnessOn(t, a.pool)
	now := must(store.Now(t.Context(), a.pool))(t)

	const all, cancelled, postponed = 20, 5, 1
	var timers []store.Timer
	for n := range store.ConversationID(all) {
		timers = append(timers, store.Timer{ConversationID: n, Kind: "snooze", DueAt: now.Add(time.Hour)})
	}
	check(t, store.SetTimers(t.Context(), a.pool, timers))
	check(t, store.CancelTimers(t.Context(), a.pool, timers[:cancelled]))
	later := timers[cancelled+1]
	later.DueAt = now.Add(2 * time.Hour)
	check(t, store.SetTimers(t.Context(), a.pool, []store.Timer{later}))

	a.start()
	b.start()
	a.accept(fact("k", "not of a timer"))
	a.waitNumberApplied(1)

	check(t, store.MoveClock(t.Context(), a.pool, time.Hour))
	a.waitNumberApplied(1 + all - cancelled - postponed)
	check(t, store.MoveClock(t.Context(), a.pool, time.Hour))
	a.waitNumberApplied(1 + all - cancelled)
	a.waitValue("timers that are left", 0, `SELECT count(*) FROM timers`)
	a.wantValue("effects written twice", 0, effectsWrittenTwice)
}
