package relay

import (
	"context"
	"errors"
	"strings"
	"time"

	"parley/channels"
	"parley/store"
)

// Pauses between two lookups of the same delivery.
const (
	lookAgainEvery   = 15 * time.Second // while the provider can't say whether it has the message
	lookForLateEvery = time.Minute      // at most, while the message may still arrive
)

// repeatRarely is the pause between attempts at a post that is never given up, after Policy.RepeatFor.
const repeatRarely = 24 * time.Hour

// lookForAttempt handles a delivery whose last attempt got no answer, for example because the connection broke.
// The message may have arrived or not, and sending it again could deliver it twice. So lookForAttempt asks the
// provider (Attempt.Reconcile), and fills in f, whose state is store.Unknown, according to the answer:
//
//	landed      the delivery has arrived
//	absent      it is sent again once it was absent twice, far enough apart (noteAbsent)
//	can't tell  it is looked up again; in the end a person decides, or a post is sent again (endDoubt)
//
// Without a lookup, an Idempotent delivery is sent again at once, and a BestEffort delivery is given up.
func (at attempts) lookForAttempt(ctx context.Context, f *store.FinishedDelivery, c store.ClaimedDelivery, a Attempt, p Policy) {
	if p.Idempotent {
		f.State = store.Queued
		return
	}
	if p.BestEffort {
		f.State, f.Advance = store.Failed, 1
		return
	}

	earliest := p.RequestTimeout + at.opt.ReconcileAfter
	ago := store.Seconds(c.SentAgo)
	mayStillRun := ago < earliest && !p.Restored // any attempt from before a restore has ended
	if mayStillRun {
		f.Wait = (earliest - ago).Seconds()
		return
	}

	outcome, sent, err := at.reconcile(ctx, c, a)
	mustAsk := p.Restored && !p.PreferDouble // after a restore only a person may have it sent again
	switch {
	case outcome == channels.Landed:
		at.finishLanded(f, c, sent)
		if p.Restored && sent.More {
			f.State = store.Unknown // the next part may have arrived as well
		}
	case mustAsk && err == nil:
		at.askPerson(f, c)
	case outcome == channels.Absent:
		at.noteAbsent(f, c, p, sent)
	case ago > at.unclearAfter(c, p):
		at.endDoubt(f, c, p)
	default:
		f.Wait = lookAgainEvery.Seconds()
		if se, ok := errors.AsType[*channels.SendError](err); ok && channels.ClassOf(err) == channels.Throttled {
			f.GateWait = at.opt.pauseSeconds(max(se.Wait, minThrottlePause))
		}
	}
}

// reconcile calls Attempt.Reconcile. After an error the outcome is CannotTell.
func (at attempts) reconcile(ctx context.Context, c store.ClaimedDelivery, a Attempt) (outcome channels.Outcome, sent Sent, err error) {
	sent, err = at.recoverPanic(func() (s Sent, err error) {
		outcome, s, err = a.Reconcile(ctx)
		return s, err
	})
	at.metrics.Reconciled.Add(1)
	if err != nil {
		at.log.Info("reconcile failed", "delivery_id", c.ID, "error", err)
		outcome = channels.CannotTell
	}
	return outcome, sent, err
}

// unclearAfter returns how long after an attempt its delivery is looked up before endDoubt decides.
func (at attempts) unclearAfter(c store.ClaimedDelivery, p Policy) time.Duration {
	if c.AbsentAgo > 0 { // it was absent once: the next lookup may soon confirm that
		return at.opt.UnclearAfter + at.opt.absentFor(p.AbsentFor)
	}
	return at.opt.UnclearAfter
}

// noteAbsent handles a delivery that the provider doesn't have. The message may still arrive, so the delivery
// is looked up until it was absent twice, Policy.AbsentFor apart. Then it is sent again, after the pause that
// follows any failed attempt, or given up if Policy.RetryFor has passed.
func (at attempts) noteAbsent(f *store.FinishedDelivery, c store.ClaimedDelivery, p Policy, sent Sent) {
	absentFor, needed := store.Seconds(c.AbsentAgo), at.opt.absentFor(p.AbsentFor)
	wasTriedLong := store.Seconds(c.FirstAgo) > p.RetryFor
	isSafe := p.PreferDouble && !sent.Blind // a post that is certainly absent can be sent again without harm
	if wasTriedLong && isSafe && wasAbsentBefore(c) {
		at.giveUpLate(f, c, p.RequestTimeout+at.opt.ReconcileAfter+needed)
		return
	}

	foundAbsentTwice := c.AbsentAgo > 0 && absentFor >= needed
	if !foundAbsentTwice {
		f.Absent = c.AbsentAgo == 0
		f.Wait = min(needed-absentFor, lookForLateEvery).Seconds()
		return
	}

	failed := &channels.SendError{Class: channels.Ambiguous, Text: reasonOf(c)}
	if wasTriedLong && !isSafe { // if it is safe, try once more: RetryFor may have passed in waits that don't count
		at.giveUp(f, c, failed)
		return
	}
	if sent.Blind && isOnlyLookedFor(c, p) {
		f.Wait = lookForLateEvery.Seconds()
		return
	}

	f.State = store.Queued
	pause := p.pauseAfterCall(c)
	f.Wait = at.opt.pauseSeconds(max(pause-store.Seconds(c.SentAgo), 0)) // the lookups used up some of the pause, or all
	at.warnIfLate(f, c, failed)
	if sent.Blind {
		at.makeAgain(f, c)
	}
}

// wasAbsentBefore reports whether an attempt earlier than the last one was found to be absent.
func wasAbsentBefore(c store.ClaimedDelivery) bool { return c.AbsentAt != nil && c.AbsentAgo == 0 }

// giveUpLate gives up a delivery of which the last attempt and an earlier one are absent, once the last one can
// no longer arrive, which is the given time after that attempt. Until then it doesn't record the second
// absence, because that would overwrite the first one, on which wasAbsentBefore relies.
func (at attempts) giveUpLate(f *store.FinishedDelivery, c store.ClaimedDelivery, after time.Duration) {
	if rest := after - store.Seconds(c.SentAgo); rest > 0 {
		f.Wait = min(rest, lookForLateEvery).Seconds()
		return
	}
	at.giveUp(f, c, &channels.SendError{Class: channels.Ambiguous, Text: reasonOf(c)})
}

// endDoubt ends a long lookup that could not find out whether the message arrived. A person decides about a
// message to a customer. A post in a chat is sent again, until Policy.RetryFor has passed.
func (at attempts) endDoubt(f *store.FinishedDelivery, c store.ClaimedDelivery, p Policy) {
	switch wasTriedLong := store.Seconds(c.FirstAgo) > p.RetryFor; {
	case !p.PreferDouble:
		at.askPerson(f, c)
	case wasTriedLong:
		at.giveUp(f, c, &channels.SendError{Class: channels.Ambiguous, Text: reasonOf(c)})
	case isOnlyLookedFor(c, p):
		f.Wait = lookForLateEvery.Seconds()
	default:
		at.makeAgain(f, c)
	}
}

// isOnlyLookedFor reports whether a post is only looked up now, and not sent again. That is so after
// Policy.RepeatFor, except once a day, because each repetition may leave one more copy in the chat. Lookups
// alone are not enough: the earlier attempts may have failed, and Parley may lack the permission to look for
// them.
func isOnlyLookedFor(c store.ClaimedDelivery, p Policy) bool {
	wasRepeatedLong := p.RepeatFor > 0 && store.Seconds(c.FirstAgo) > p.RepeatFor
	return wasRepeatedLong && store.Seconds(c.SentAgo) < repeatRarely
}

// makeAgain lets a post be sent again although the first may have arrived. The new one says so (Unsure).
func (at attempts) makeAgain(f *store.FinishedDelivery, c store.ClaimedDelivery) {
	f.State, f.Unsure = store.Queued, true
	at.metrics.Account(c.AccountID).Repeated.Add(1)
}

// dropOldReason drops the error of an earlier attempt. If the process ended before the last attempt had a
// result, the delivery's row still has the error of the preceding attempt.
func dropOldReason(f *store.FinishedDelivery, c *store.ClaimedDelivery, p Policy) {
	hasReason := c.ErrorClass == string(channels.Ambiguous) || p.Restored
	if !hasReason {
		c.ErrorText, f.ErrorClass, f.ErrorText = "", "", ""
	}
}

func reasonOf(c store.ClaimedDelivery) string { return ReasonWords(c.ErrorClass, c.ErrorText) }

// ReasonWords returns why an attempt failed, in words for people. text comes from the delivery's row
// (channels.SendError.Error): "class: Text.: cause". Only Text is returned.
func ReasonWords(class, text string) string {
	reason := strings.TrimPrefix(text, class+": ")
	if text, _, hasCause := strings.Cut(reason, ".: "); hasCause {
		return text + "."
	}
	return reason
}

// askPerson has a person decide what happens to a delivery. The delivery leaves its lane, which continues
// without it.
func (at attempts) askPerson(f *store.FinishedDelivery, c store.ClaimedDelivery) {
	f.State, f.Advance = store.NeedsDecision, 1
	at.metrics.Account(c.AccountID).Undecided.Add(1)
	at.report(f, c, Report{Kind: ReportUnclear, Text: reasonOf(c)})
}
