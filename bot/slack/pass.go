package slack

import "context"

// pass is one reading of all channels with threads of ours.
type pass struct {
	holesSince string // the stamp from which a thread may lack replies that are older than its newest reply

	// isRegular: nothing points to a gap. Still a reply may be missing that Slack gave up bringing while the door was closed,
	// behind a newer one that came at its first try.
	isRegular bool
	announced int // gaps that were announced before the pass
	threads   int // that were read

	editsSince  string // the stamp from which a reply may have been edited; see sweep.HiddenEdits. It isn't later than holesSince
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
