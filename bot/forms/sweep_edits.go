package forms

import (
	"sync"
	"time"
)

// editsReach is how far before a gap edits are looked for: in threads whose newest reply is no older than that.
const editsReach = 24 * time.Hour

// HiddenEdits remembers that edits may have been made in a gap, the time in which a chat's events were missed. A pass that
// fills the gap reads only threads with newer replies, so it doesn't find edits of old ones. The next regular passes read
// further threads for them. Replies to customers don't wait for that: each one from before a gap is read again by itself
// before it leaves.
type HiddenEdits struct {
	mu      sync.Mutex // guards all below
	since   time.Time  // threads with replies since then are read; zero if no edit is expected
	gapsYet int        // how many gaps were announced when Expect was called last
}

// Reach returns since when replies are read: at, or earlier if edits are expected.
func (e *HiddenEdits) Reach(at time.Time) time.Time {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.since.IsZero() && e.since.Before(at) {
		return e.since
	}
	return at
}

// Expect notes a gap. announced is how many gaps there were so far. isNew is false if the same gap was noted before, by a
// pass that failed to fill it.
func (e *HiddenEdits) Expect(gapSince time.Time, announced int) (isNew bool) {
	since := e.Reach(gapSince.Add(-editsReach))
	e.mu.Lock()
	defer e.mu.Unlock()
	isNew = e.since.IsZero() || e.gapsYet != announced
	e.since, e.gapsYet = since, announced
	return isNew
}

// Settle notes that all edits were looked for.
func (e *HiddenEdits) Settle() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.since = time.Time{}
}
