package engine

import (
	"cmp"
	"context"
	"errors"
	"time"

	"parley/bridge"
	"parley/bridge/relay"
	"parley/channels"
	"parley/store"
)

// A root is the first message of a conversation's thread in a chat of agents: the card. Without it nobody would
// see the conversation. So a root is retried forever, and admins are notified while it can't be posted, or while
// it is unknown whether it was posted.

// reconcileRoot looks for the root of an attempt whose response was lost. If the result stays unknown, it
// notifies the admins in the end.
func (a *postAttempt) reconcileRoot(
	ctx context.Context, s bridge.Surface, p bridge.Post, t *store.Thread,
) (channels.Outcome, relay.Sent, error) {
	outcome, sent, err := a.lookForRoot(ctx, s, p, t)
	isUnclear := err != nil || outcome == channels.CannotTell || outcome == channels.Absent && sent.Blind
	if isUnclear {
		err = errors.Join(err, a.sender.reportUnclear(ctx, a.claim))
	}
	return outcome, sent, err
}

// lookForRoot looks for a root first in the channel for which it was queued. If it would be posted in another
// channel now, lookForRoot also looks there: the root is absent only if neither channel has it.
func (a *postAttempt) lookForRoot(
	ctx context.Context, s bridge.Surface, now bridge.Post, t *store.Thread,
) (channels.Outcome, relay.Sent, error) {
	first := now
	first.Place.Channel = a.queuedFor(t)
	outcome, sent, err := s.Reconcile(ctx, first)
	isFound := err == nil && outcome == channels.Landed
	if isFound || first.Place.Channel == now.Place.Channel {
		return outcome, a.foundPost(first, t, sent), err
	}

	outcomeNow, sentNow, errNow := s.Reconcile(ctx, now)
	sentNow.Blind = sentNow.Blind || sent.Blind
	landed := a.foundPost(now, t, sentNow)
	isFoundNow := errNow == nil && outcomeNow == channels.Landed
	isAbsentFirst := err == nil && outcome == channels.Absent
	if !isFoundNow && !isAbsentFirst {
		return channels.CannotTell, landed, err
	}
	return outcomeNow, landed, errNow
}

// queuedFor returns the channel for which a root was queued, where earlier attempts may have posted it.
func (a *postAttempt) queuedFor(t *store.Thread) string {
	return a.engine.Directory().ChannelNow(a.claim.AccountID, cmp.Or(a.body.Place.Channel, t.Channel))
}

// foundPost returns what to record of a post that was looked for and found. If the thread has another root in the
// right place by now, a found root counts as one that the conversation has left.
func (a *postAttempt) foundPost(p bridge.Post, t *store.Thread, sent bridge.Sent) relay.Sent {
	out := landedPost(a.claim, p, t, sent)
	isSecond := p.Kind == bridge.PostRoot && t.Root != sent.Message && a.isOutdated(p, t)
	for i := range out.Landed {
		if isSecond {
			out.Landed[i].Thread, out.Landed[i].LeftRoot = nil, &out.Landed[i].Post
		}
	}
	return out
}

// reportRefused records, once, that a thread can't be opened, if that is certain or has lasted long. It returns
// the error with which the root waits for its next attempt.
func (e *Sender) reportRefused(ctx context.Context, c store.ClaimedDelivery, refused error) error {
	class := channels.ClassOf(refused)
	isSoon := class == channels.Retry && !e.waitsLong(c)
	if isSoon || class == channels.Throttled || class == channels.AuthBroken || class == channels.Ambiguous {
		return refused
	}

	text := "The thread can't be opened."
	if se, ok := errors.AsType[*channels.SendError](refused); ok {
		text = se.Text
	}
	err := e.Engine.RootRefused(ctx, c, "refused", text)
	return &channels.SendError{
		Class: channels.Retry,
		Wait:  closedChannelRetry,
		Text:  text,
		Cause: errors.Join(refused, err),
	}
}

// unclearAfter is how long after an attempt at a root the admins are notified that its result is unknown.
const unclearAfter = 10 * time.Minute

// reportUnclear records, once, that the result of a root has been unknown for unclearAfter. It does so only after
// the time in which an unclear root is soon repeated (RepeatFor).
func (e *Sender) reportUnclear(ctx context.Context, c store.ClaimedDelivery) error {
	p := e.Policy(c)
	isRepeatedRarely := p.RepeatFor > 0 && store.Seconds(c.FirstAgo) > p.RepeatFor
	if !isRepeatedRarely || store.Seconds(c.SentAgo) < unclearAfter {
		return nil
	}
	return e.Engine.RootRefused(ctx, c, "unclear",
		"I can't tell whether the first message of its thread is there. "+relay.ReasonWords(c.ErrorClass, c.ErrorText))
}

// waitsLong reports whether a root has been retried for longer than other posts are, not counting the time before
// a restore.
func (e *Sender) waitsLong(c store.ClaimedDelivery) bool {
	beforeRestore := e.Policy(c).RetryFor - maxRootRetry
	return store.Seconds(c.FirstAgo)-beforeRestore > maxPostRetry
}
