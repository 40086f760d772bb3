package engine

import (
	"context"
	"time"

	"parley/bridge"
	"parley/store"
)

// Some chats deliver events by requests to Parley, and Parley doesn't notice when these requests stop
// (bridge.GapHider). So a reply that has waited is read again in such a chat before it leaves: its author may have
// edited or deleted it. That is only a precaution, and no reply waits long for it.

// leavesAtOnce is the age up to which a text leaves without being read again, because nobody can have changed it
// yet.
const leavesAtOnce = 3 * time.Second

// maxPrecaution limits how long one attempt reads as a precaution, for all texts (lines) of the reply together.
const maxPrecaution = 10 * time.Second

// mayHideGap reports whether a surface may have missed a change of a text of this age without noticing it.
func mayHideGap(s bridge.Surface, channel string, age time.Duration) bool {
	hider, ok := s.(bridge.GapHider)
	return ok && age > leavesAtOnce && hider.HidesGaps(channel)
}

// readingTime returns the context in which a text is read again. As a precaution, all texts of a reply share one
// deadline: after maxPrecaution, after the time for which a gap is waited for, or after half of the attempt's
// remaining time, whichever comes first.
func (a *sourceCheck) readingTime(ctx context.Context, isPrecaution bool) (context.Context, context.CancelFunc) {
	if !isPrecaution {
		return context.WithTimeout(ctx, confirmTimeout)
	}
	if !a.precautionEnds.IsZero() {
		return context.WithDeadline(ctx, a.precautionEnds)
	}

	within := min(maxPrecaution, a.sender.GapWait)
	if deadline, ok := ctx.Deadline(); ok {
		within = min(within, time.Until(deadline)/2)
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	a.precautionEnds, _ = ctx.Deadline() // WithTimeout has set one
	return ctx, cancel
}

// waitBriefly returns the error with which a reply waits because its chat could not be read as a precaution. The
// reply waits no longer than for a gap, a time whose missed events are being read. After that the
// reply leaves as it is stored: waitBriefly returns nil, or an error if Parley's record of the message was changed
// since the attempt read it.
func (a *sourceCheck) waitBriefly(ctx context.Context, m *store.Message, cause error) error {
	remaining := a.sender.GapWait - store.Seconds(a.claim.FirstAgo)
	if remaining > 0 {
		retry := waitForChat(cause, a.claim)
		retry.Wait = min(retry.Wait, remaining)
		return retry
	}
	if a.claim.Part > 0 {
		return nil // a piece has left, and the rest has the same words even if Parley's record was changed since
	}
	return a.sender.checkUnchanged(ctx, m)
}
