package slack

import (
	"context"
	"slices"
	"time"

	"parley/bot/forms"
)

// unknownGap is the minimum length that is assumed for a gap whose beginning is unknown.
const unknownGap = time.Hour

// inFuture is added to the current time to get a time after the stamps of all messages, even if Slack's clock is ahead.
const inFuture = time.Hour

// pass is the state of one search for missed events. It reads the channels in which Parley has threads, as far back as
// events may be missing. A gap is a time in which events may have been missed, for example without a connection. A hole
// is a missing reply that is older than a stored one. A stamp, "1700000000.000100", is the id and time of a message.
type pass struct {
	self *Self // our app's identity

	// isRegular means that no gap is known. A regular pass may still find holes, because Slack may deliver a reply and
	// fail to deliver the one before it.
	isRegular bool
	announced int // how many gaps had been announced (sweep.Sweeper.CountGaps) when the pass began
	threads   int // how many threads were read so far; counted only in a regular pass

	holesSince string // the stamp since which threads may have holes
	editsSince string // the stamp since which a reply may have been edited without an event; not after holesSince

	editThreads int  // how many threads were read only because of possible edits
	leavesEdits bool // whether the next pass has to read more of these threads
}

// maxEditThreads is how many threads a pass reads only because of possible edits. It limits the duration of the pass,
// since somebody may be waiting for a reply that the pass finds.
const maxEditThreads = 40

// admitThread reports whether the pass must read a thread. latest is the stamp of its newest reply, and isStored reports
// whether that reply is stored. Even if it is, earlier replies may be missing.
func (p *pass) admitThread(latest string, isStored bool) bool {
	mayHaveHole := !isStored || latest >= p.holesSince
	mayHaveEdit := latest >= p.editsSince
	return mayHaveHole || mayHaveEdit && p.countEditThread()
}

// countEditThread counts a thread that has to be read only because of possible edits. It returns false, and so leaves the
// thread to the next pass, if maxEditThreads is reached.
func (p *pass) countEditThread() bool {
	if p.editThreads >= maxEditThreads {
		p.leavesEdits = true
		return false
	}
	p.editThreads++
	return true
}

// awaitTurn waits until a pass may read one more thread. It returns false if the pass must end. Only a regular pass waits,
// so that Slack's rate limit leaves enough calls to more urgent work. It ends when a gap is announced, because that is
// more urgent, too.
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

// beginPass returns a new pass, and decides how far back it looks for holes and edits.
func (h *history) beginPass(self *Self, standing forms.Standing, began time.Time, announced int) *pass {
	holesSince, complete := h.holesSince(standing)
	if complete {
		from := began.Add(-h.regularReach)
		return &pass{
			self: self, isRegular: true, announced: announced, holesSince: formatStamp(from),
			editsSince: formatStamp(h.hidden.Reach(from)),
		}
	}

	if h.hidden.Expect(holesSince, announced) {
		h.compared.Clear() // threads that were read before the gap may have been edited in it
	}
	stamp := formatStamp(holesSince)
	return &pass{self: self, announced: announced, holesSince: stamp, editsSince: stamp}
}

// holesSince returns the time since which threads may have holes. If everything is known to be stored, complete is true
// and since is in the future.
//
// The beginning of a gap is unknown after a start, or if another process crashed in it. Then the gap is assumed to have
// begun when everything was last known to be stored, or unknownGap ago if that is earlier.
func (h *history) holesSince(standing forms.Standing) (since time.Time, complete bool) {
	now := h.now()
	began, gapOpen := h.sweeper.Gap()
	since = now.Add(inFuture)
	if gapOpen && !began.IsZero() {
		since = began.Add(-clockTolerance)
	}

	isFromBeforeStart := gapOpen && began.IsZero()
	isOfCrashedProcess := len(standing.Abandoned) > 0
	beginUnknown := isFromBeforeStart || isOfCrashedProcess
	if beginUnknown {
		since = slices.MinFunc([]time.Time{since, now.Add(-unknownGap)}, time.Time.Compare)
	}

	mayReachMark := beginUnknown || standing.Doubted
	if mayReachMark && !standing.Earliest.IsZero() {
		since = slices.MinFunc([]time.Time{since, standing.Earliest.Add(-clockTolerance)}, time.Time.Compare)
	}

	return since, since.After(now)
}
