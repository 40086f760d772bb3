package engine

import (
	"testing"
	"time"
)

// A process that was stopped for a while lets no reply leave before it has looked what was typed meanwhile.
func TestStalledHoldsReplies(t *testing.T) {
	t.Parallel()
	e := &Engine{opt: Options{}.withDefaults()}
	d := &Desk{e: e}
	wantHeld := func(what string, want bool) {
		t.Helper()
		if got := e.isStalled(); got != want {
			t.Errorf("%s: it counts as stalled: %v, want %v", what, got, want)
		}
		if got := d.hasGapWithin(time.Minute); got != want {
			t.Errorf("%s: it has a gap: %v, want %v", what, got, want)
		}
	}
	wantHeld("an engine that does not run yet", false)

	now := time.Now()
	soon := now.Add(time.Minute) // however long this test is stopped
	e.lastBeat.Store(&soon)
	wantHeld("an engine that runs", false)

	before := now.Add(-e.opt.StalledAfter - time.Second)
	e.lastBeat.Store(&before)
	wantHeld("an engine that was stopped", true)
	if filling, err := d.isFilling(t.Context(), time.Second); !filling || err != nil {
		t.Errorf("an engine that was stopped fills the gap: %v, %v, want that it does", filling, err)
	}
}
