package slack

import (
	"context"
	"slices"
	"time"

	"parley/bot/slack/fact"
	"parley/bot/sweep"
)

// How far back a pass of catching up reads, and how many threads.

// unknownGap is the least length that a gap is taken to have if nobody knows when it began.
const unknownGap = time.Hour

// inFuture leads from now to a time after every reply's stamp, even if Slack's clock is ahead of ours.
const inFuture = time.Hour

// answeredWithin is how old a text at top level may be to be stored after all. An older one needs no answer.
const answeredWithin = time.Hour

// pass is the state of one reading of all channels in which Parley has threads. Type history explains the words.
type pass struct {
	self *fact.Self // who we are in the workspace

	// isRegular means that no gap is known: the pass runs only because it is time to. It may find a missing reply all
	// the same, because Slack may deliver a newer reply and fail to deliver the one before.
	isRegular bool
	announced int // number of gaps ever announced (sweep.Sweeper.CountGaps) when the pass began
	threads   int // number of threads read so far; counted only in a regular pass

	holesSince string // stamp since when threads may have holes
	editsSince string // stamp since when a reply may have been edited without an event; not later than holesSince

	editThreads int  // number of threads read so far only because a reply may have been edited
	leavesEdits bool // more of these threads are left to the next pass
}

// maxEditThreads bounds how many threads a pass reads only because a reply may have been edited. Somebody may wait
// for a reply that the same pass finds missing, so the pass must not last long.
const maxEditThreads = 40

// admitThread reports whether the pass is to read a thread. latest is the stamp of its newest reply, and isStored whether
// that reply is stored. Even then earlier ones may be missing: the newest may have come after a gap.
func (p *pass) admitThread(latest string, isStored bool) bool {
	mayHaveHole := !isStored || latest >= p.holesSince
	mayHaveEdit := latest >= p.editsSince
	return mayHaveHole || mayHaveEdit && p.countEditThread()
}

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
	if h.sweeper.CountGaps() != p.announced {
		return false
	}
	p.threads++
	return p.threads <= threadsAtOnce || h.wait(ctx, nextThreadWait)
}

// beginPass decides how far back a pass looks for missing and for edited replies. It is regular if no gap is known.
func (h *history) beginPass(self *fact.Self, standing sweep.Standing, began time.Time, announced int) *pass {
	holesSince, complete := h.holesSince(standing)
	if complete {
		from := began.Add(-h.regularReach)
		return &pass{
			self:       self,
			isRegular:  true,
			announced:  announced,
			holesSince: formatStamp(from),
			editsSince: formatStamp(h.hidden.Reach(from)),
		}
	}

	if h.hidden.Expect(holesSince, announced) {
		h.compared.Forget() // what was compared before the gap may have been edited in it
	}
	stamp := formatStamp(holesSince)
	return &pass{self: self, announced: announced, holesSince: stamp, editsSince: stamp}
}

// holesSince returns the time since when threads may have holes. complete is true if everything is known to be
// stored; since is in the future then, so that no thread has any.
//
// Nobody may know when a gap began: after a start, or if another process left it. It then began when everything was
// last known to be stored, or an hour ago if that is earlier.
func (h *history) holesSince(standing sweep.Standing) (since time.Time, complete bool) {
	now := h.now()
	began, gapOpen := h.sweeper.Gap()
	since = now.Add(inFuture)
	if gapOpen && !began.IsZero() {
		since = began.Add(-clockTolerance)
	}

	// Nobody knows when these gaps began: one from before this process started, and one that a vanished process left.
	isFromBefore := gapOpen && began.IsZero()
	isOfVanished := len(standing.Abandoned) > 0
	beginUnknown := isFromBefore || isOfVanished
	if beginUnknown {
		since = slices.MinFunc([]time.Time{since, now.Add(-unknownGap)}, time.Time.Compare)
	}

	mayReachMark := beginUnknown || standing.Doubted
	if mayReachMark && !standing.Earliest.IsZero() {
		since = slices.MinFunc([]time.Time{since, standing.Earliest.Add(-clockTolerance)}, time.Time.Compare)
	}

	return since, since.After(now)
}

// typedSince returns the stamp from which texts that people typed at top level are stored. It is an hour ago, or the
// beginning of an open gap if that is earlier: texts from the gap have no answer yet.
func (h *history) typedSince() string {
	since := h.now().Add(-answeredWithin)
	began, gapOpen := h.sweeper.Gap()
	beginKnown := gapOpen && !began.IsZero()
	if beginKnown && began.Before(since) {
		since = began.Add(-clockTolerance)
	}
	return formatStamp(since)
}
