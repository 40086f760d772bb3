package slack

import "context"

// pass is the state of one reading of all channels in which Parley has threads. Type history explains the words.
type pass struct {
	// isRegular means that no gap is known: the pass runs only because it is time to. It may find a missing reply all
	// the same, because Slack may deliver a newer reply and fail to deliver the one before.
	isRegular bool
	announced int // number of gaps ever announced (sweep.Sweeper.Announced) when the pass began
	threads   int // number of threads read so far; counted only in a regular pass

	holesSince string // stamp since when threads may have holes
	editsSince string // stamp since when a reply may have been edited without an event; not later than holesSince

	editThreads int  // number of threads read so far only because a reply may have been edited
	leavesEdits bool // more of these threads are left to the next pass
}

// maxEditThreads bounds how many threads a pass reads only because a reply may have been edited. Somebody may wait
// for a reply that the same pass finds missing, so the pass must not last long.
const maxEditThreads = 40

// countEditThread counts a thread that is to be read only because a reply may have been edited. It returns false if
// the pass has read maxEditThreads of them; the thread is left to the next pass then.
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
// Only a regular pass waits. So it leaves some of Slack's calls to replies that must be read again before they go to
// a customer. It ends early when a gap was announced, since that must be filled first.
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
