package sweep

import (
	"sync"
	"time"
)

// editsReach is how long before a gap the newest reply of a thread may have been typed for the thread to be read for edits.
const editsReach = 24 * time.Hour

// HiddenEdits are those that were perhaps made in gaps, to replies of threads in which nothing newer was typed. The next regular passes
// look for them: replies to customers don't wait for these, and those from before a gap are read again one by one before they leave.
type HiddenEdits struct {
	mu      sync.Mutex // guards all below
	since   time.Time  // from which newest reply on threads are read; zero if no such edit is expected
	gapsYet int        // how many gaps were announced by then
}

// Reach returns the earlier of a time and the one from which threads are read for edits.
func (e *HiddenEdits) Reach(at time.Time) time.Time {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.since.IsZero() && e.since.Before(at) {
		return e.since
	}
	return at
}

// Expect notes a gap. It returns false if a pass that tried to fill it has noted it before.
func (e *HiddenEdits) Expect(gapSince time.Time, announced int) bool {
	since := e.Reach(gapSince.Add(-editsReach))
	e.mu.Lock()
	defer e.mu.Unlock()
	isNew := e.since.IsZero() || e.gapsYet != announced
	e.since, e.gapsYet = since, announced
	return isNew
}

// Settle notes that regular passes have looked for all of them.
func (e *HiddenEdits) Settle() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.since = time.Time{}
}
