package outbound

import (
	"context"
	"time"

	"parley/bridge"
	"parley/store"
)

// Some chats send events by requests, and nobody notices when the requests stop (bridge.GapHider). So a reply that has waited is read
// again in such a chat before it leaves: it may have been edited or deleted. That is only a precaution, for which no reply waits long.

// leavesAtOnce is the age up to which a text leaves without being read again: nobody has changed it yet.
const leavesAtOnce = 3 * time.Second

// maxPrecaution bounds how long one attempt reads as a precaution, all lines of the reply together.
const maxPrecaution = 10 * time.Second

// mayHideGap reports whether a surface may have missed that a text of this age was changed since it was typed, without noticing it.
func mayHideGap(s bridge.Surface, channel string, age time.Duration) bool {
	hider, ok := s.(bridge.GapHider)
	return ok && age > leavesAtOnce && hider.HidesGaps(channel)
}

// readingTime returns the context in which a text is read again. If that is a precaution, all texts of a reply share one time: at
// most maxPrecaution, the time for which a gap is waited for, and half of what is left for the attempt, whichever is shortest.
func (a *sourceCheck) readingTime(ctx context.Context, isPrecaution bool) (context.Context, context.CancelFunc) {
	if !isPrecaution {
		return context.WithTimeout(ctx, confirmTimeout)
	}
	if !a.precautionEnds.IsZero() {
		return context.WithDeadline(ctx, a.precautionEnds)
	}

	within := min(maxPrecaution, a.sender.opt.GapWait)
	if deadline, ok := ctx.Deadline(); ok {
		within = min(within, time.Until(deadline)/2)
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	a.precautionEnds, _ = ctx.Deadline() // WithTimeout has set one
	return ctx, cancel
}

// waitBriefly returns the error by which a reply waits because its chat could not be read as a precaution. The reply waits no longer
// than for a gap that is being filled. After that waitBriefly returns nil, and the reply leaves as it is stored.
func (a *sourceCheck) waitBriefly(ctx context.Context, m *store.Message, cause error) error {
	left := a.sender.opt.GapWait - store.Seconds(a.claim.FirstAgo)
	if left <= 0 && a.claim.Part > 0 {
		return nil // a piece has left: the rest has the same words, whatever Parley's record says now
	}
	if left <= 0 {
		return a.sender.checkUnchanged(ctx, m)
	}
	waits := waitForChat(cause, a.claim)
	waits.Wait = min(waits.Wait, left)
	return waits
}
