package slack

import (
	"context"
	"sync"
	"time"
)

// pass is one reading of all channels with threads of ours.
type pass struct {
	holesSince string // the stamp from which a thread may lack replies that are older than its newest reply

	// isRegular: nothing points to a gap. Still a reply may be missing that Slack gave up bringing while the door was closed,
	// behind a newer one that came at its first try.
	isRegular bool
	announced int // gaps that were announced before the pass
	threads   int // that were read

	editsSince  string // the stamp from which a reply may have been edited; see hiddenEdits. It isn't later than holesSince
	edits       int    // threads that were read only because of these
	leavesEdits bool   // there are more of them, for the next pass
}

// editsAtOnce bounds how many threads a pass reads only because a reply may have been edited: it must not last long, since what it
// finds missing besides is what somebody waits for.
const editsAtOnce = 40

// takeEdits reports whether the pass may read one more thread only because a reply may have been edited.
func (p *pass) takeEdits() bool {
	if p.edits >= editsAtOnce {
		p.leavesEdits = true
		return false
	}
	p.edits++
	return true
}

// takeTurn reports whether a pass may read one more thread. A regular pass leaves calls to replies that have to be read
// again before they leave, and ends early for a pass that is to fill a gap. Either way the next regular pass goes on.
func (h *history) takeTurn(ctx context.Context, p *pass) bool {
	if !p.isRegular {
		return true
	}
	if h.sweeper.Announced() != p.announced {
		return false
	}
	p.threads++
	return p.threads <= threadsAtOnce || h.wait(ctx, nextThreadWait)
}

// editsReach is how long before a gap the newest reply of a thread may have been typed for the thread to be read for edits.
const editsReach = 24 * time.Hour

// hiddenEdits are those that were perhaps made in gaps, to replies of threads in which nothing newer was typed. The next regular passes
// look for them: replies to customers don't wait for these, and those from before a gap are read again one by one before they leave.
type hiddenEdits struct {
	mu      sync.Mutex // guards all below
	since   time.Time  // from which newest reply on threads are read; zero if no such edit is expected
	gapsYet int        // how many gaps were announced by then
}

// reach returns the earlier of a time and the one from which threads are read for edits.
func (e *hiddenEdits) reach(at time.Time) time.Time {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.since.IsZero() && e.since.Before(at) {
		return e.since
	}
	return at
}

// expect notes a gap. It returns false if a pass that tried to fill it has noted it before.
func (e *hiddenEdits) expect(gapSince time.Time, announced int) bool {
	since := e.reach(gapSince.Add(-editsReach))
	e.mu.Lock()
	defer e.mu.Unlock()
	isNew := e.since.IsZero() || e.gapsYet != announced
	e.since, e.gapsYet = since, announced
	return isNew
}

// settle notes that regular passes have looked for all of them.
func (e *hiddenEdits) settle() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.since = time.Time{}
}
