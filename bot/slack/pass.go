package slack

import "context"

// pass is one reading of all channels with threads of ours.
type pass struct {
	// isRegular means that nothing points to a gap. A reply may be missing all the same: Slack may have failed to bring it, and
	// brought a newer one.
	isRegular bool
	announced int // gaps that were announced before the pass
	threads   int // read so far by a regular pass

	holesSince string // the stamp from which a thread may lack replies that are older than its newest reply
	editsSince string // the stamp from which a reply may have been edited unseen (see sweep.HiddenEdits); not later than holesSince

	editThreads int  // threads read so far only because a reply may have been edited
	leavesEdits bool // more of these threads are left to the next pass
}

// maxEditThreads bounds how many threads a pass reads only because a reply may have been edited: somebody may wait for a reply that
// the same pass finds missing, so the pass must not last long.
const maxEditThreads = 40

// countEditThread counts one more thread that is read only because a reply may have been edited. It returns false if the thread has
// to be left to the next pass.
func (p *pass) countEditThread() bool {
	if p.editThreads >= maxEditThreads {
		p.leavesEdits = true
		return false
	}
	p.editThreads++
	return true
}

// awaitTurn waits until a pass may read one more thread. It returns false if the pass has to end.
//
// A regular pass waits so that it leaves calls to replies that have to be read again before they go to a customer, and ends early for
// a pass that is to fill a gap. The next regular pass reads the rest.
func (h *history) awaitTurn(ctx context.Context, p *pass) bool {
	if !p.isRegular {
		return true
	}
	if h.sweeper.Announced() != p.announced {
		return false
	}
	p.threads++
	return p.threads <= threadsAtOnce || h.wait(ctx, nextThreadWait)
}
