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
