package engine

import (
	"testing"
	"time"
)

// A process that was stopped lets no reply leave before it looked around.
func TestStalledHoldsReplies(t *testing.T) {
	t.Parallel()
	e := &Engine{}
	d := &Desk{e: e}
	if e.isStalled() || d.hasGapWithin(time.Minute) {
		t.Error("an engine that does not run holds replies back")
	}
	now := time.Now()
	soon := now.Add(time.Minute) // however long this test is stopped
	e.lastBeat.Store(&soon)
	if e.isStalled() || d.hasGapWithin(time.Minute) {
		t.Error("a beating heart holds replies back")
	}
	before := now.Add(-stalledAfter - time.Second)
	e.lastBeat.Store(&before)
	if filling, err := d.isFilling(t.Context(), time.Second); !filling || err != nil || !d.hasGapWithin(time.Minute) {
		t.Errorf("replies may leave: %v", err)
	}
}
