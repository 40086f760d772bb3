package outbound

import (
	"context"
	"time"

	"parley/bridge"
	"parley/store"
)

// A chat to which events come by requests doesn't notice when these stop (bridge.GapHider). So a reply that has waited is read again
// there before it leaves, though nothing points to a gap. That is a mere precaution, for which no reply waits long.

// leavesAtOnce is how old a text is at most that leaves as soon as it was typed: nobody has changed it yet.
const leavesAtOnce = 3 * time.Second

// maxPrecaution bounds how long one attempt reads as a precaution, all lines of the reply together.
const maxPrecaution = 10 * time.Second

// mayHideGap reports whether a surface may have missed that a text of this age was changed since it was typed, without noticing it.
func mayHideGap(s bridge.Surface, channel string, age time.Duration) bool {
	hider, ok := s.(bridge.GapHider)
	return ok && age > leavesAtOnce && hider.HidesGaps(channel)
}

// readingTime returns the context in which a text is read again. As a precaution an attempt reads all lines of a reply within
// maxPrecaution, or within the time for which a gap is waited for if that is shorter, and leaves half of its time to the provider.
func (a *sourceCheck) readingTime(ctx context.Context, isPrecaution bool) (context.Context, context.CancelFunc) {
	if !isPrecaution {
		return context.WithTimeout(ctx, confirmTimeout)
	}
	if !a.precautionEnds.IsZero() {
		return context.WithDeadline(ctx, a.precautionEnds)
	}

	within := min(maxPrecaution, a.e.opt.GapWait)
	if deadline, ok := ctx.Deadline(); ok {
		within = min(within, time.Until(deadline)/2)
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	a.precautionEnds, _ = ctx.Deadline()
	return ctx, cancel
}

// waitBriefly returns the error by which a reply waits because its chat could not be read, where nothing points to a gap. It waits no
// longer than for a gap that is being filled; then it leaves as it is stored, and waitBriefly returns no error.
func (a *sourceCheck) waitBriefly(ctx context.Context, m *store.Message, cause error) error {
	left := a.e.opt.GapWait - store.Seconds(a.c.FirstAgo)
	if left <= 0 && a.c.Part > 0 {
		return nil // the rest of a message says what it said when it began, whatever Parley's record says now
	}
	if left <= 0 {
		return a.e.checkUnchanged(ctx, m)
	}
	waits := waitForChat(cause, a.c)
	waits.Wait = min(waits.Wait, left)
	return waits
}
