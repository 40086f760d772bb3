package relay

import (
	"context"
	"errors"
	"strings"
	"time"

	"parley/channels"
	"parley/store"
	"parley/store/dispatch"
)

// Times between two looks for the same delivery.
const (
	lookAgainEvery   = 15 * time.Second // while the provider can't say whether it has it
	lookForLateEvery = time.Minute      // at most, while what was sent may still arrive
)

// repeatRarely is the time between two attempts at a post that is never given up, once it was made again for Policy.RepeatFor.
const repeatRarely = 24 * time.Hour

// lookForAttempt deals with a delivery whose last attempt got no answer: the message may have arrived or not. It asks the
// provider (Attempt.Reconcile), and fills in f, whose state is store.Unknown, by what it finds:
//
//	there               the delivery has arrived
//	absent              it is sent again once it was absent twice, and for long enough (noteAbsent)
//	nobody can tell     it is looked for again. In the end a person decides, or a post is made again (endDoubt)
//
// What may be made twice without harm (Idempotent) is made again at once. What nobody would miss (BestEffort) is given up.
func (at attempts) lookForAttempt(ctx context.Context, f *dispatch.Finish, c dispatch.Claimed, a Attempt, p Policy) {
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
	mayStillRun := ago < earliest && !p.Restored // an attempt from before a restore has ended
	if mayStillRun {
		f.Wait = (earliest - ago).Seconds()
		return
	}

	outcome, sent, err := at.reconcile(ctx, c, a)
	mustAsk := p.Restored && !p.PreferDouble // after a restore nothing is sent again unless a person says so
	switch {
	case outcome == channels.Landed:
		at.finishLanded(f, c, sent)
		if p.Restored && sent.More {
			f.State = store.Unknown // the next part may be there as well
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

// reconcile calls Attempt.Reconcile. After an error, the outcome is CannotTell.
func (at attempts) reconcile(ctx context.Context, c dispatch.Claimed, a Attempt) (outcome channels.Outcome, sent Sent, err error) {
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

// unclearAfter returns for how long after the attempt a delivery is looked for.
func (at attempts) unclearAfter(c dispatch.Claimed, p Policy) time.Duration {
	if c.AbsentAgo > 0 { // the look before found it absent: another one may soon prove that
		return at.opt.UnclearAfter + at.opt.absentFor(p.AbsentFor)
	}
	return at.opt.UnclearAfter
}

// noteAbsent deals with a delivery that the provider doesn't have. What was sent may still arrive, so the delivery is looked
// for until it was absent twice, Policy.AbsentFor apart. Then it is sent again, after the pause that follows any failed
// attempt, or given up if it was tried for long enough.
func (at attempts) noteAbsent(f *dispatch.Finish, c dispatch.Claimed, p Policy, sent Sent) {
	absentFor, needed := store.Seconds(c.AbsentAgo), at.opt.absentFor(p.AbsentFor)
	wasTriedLong := store.Seconds(c.FirstAgo) > p.RetryFor
	isSafe := p.PreferDouble && !sent.Blind // a post that is surely absent can be made again without harm
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
	if wasTriedLong && !isSafe { // if it is safe, one more attempt tells: the time may have passed in waits that don't count
		at.giveUp(f, c, failed)
		return
	}
	if sent.Blind && isOnlyLookedFor(c, p) {
		f.Wait = lookForLateEvery.Seconds()
		return
	}

	f.State = store.Queued
	pause := p.pauseAfterCall(c)
	f.Wait = at.opt.pauseSeconds(max(pause-store.Seconds(c.SentAgo), 0)) // the looks took up a part of the pause, or all of it
	at.warnIfLate(f, c, failed)
	if sent.Blind {
		at.makeAgain(f, c)
	}
}

// wasAbsentBefore reports whether an attempt before the last one was found to be absent.
func wasAbsentBefore(c dispatch.Claimed) bool { return c.AbsentAt != nil && c.AbsentAgo == 0 }

// giveUpLate gives up a delivery of which an earlier attempt and the last one are absent, once the last one can't arrive
// any more: after is counted from that attempt. Until then the second absence isn't written down, since it would take the
// place of the first one, by which wasAbsentBefore decides.
func (at attempts) giveUpLate(f *dispatch.Finish, c dispatch.Claimed, after time.Duration) {
	if rest := after - store.Seconds(c.SentAgo); rest > 0 {
		f.Wait = min(rest, lookForLateEvery).Seconds()
		return
	}
	at.giveUp(f, c, &channels.SendError{Class: channels.Ambiguous, Text: reasonOf(c)})
}

// endDoubt ends a long search for an attempt of which nobody can tell whether it arrived. A message to a customer is put
// to a person. A post in a chat is made again, until it was tried for long enough.
func (at attempts) endDoubt(f *dispatch.Finish, c dispatch.Claimed, p Policy) {
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

// isOnlyLookedFor reports whether a post is looked for now and not made again. That is so after Policy.RepeatFor, except
// once a day: each time that it is made again may leave one more copy in the chat. But it has to be made again at some
// time, since the earlier attempts may have reached nobody, and Parley may not be allowed to look for them.
func isOnlyLookedFor(c dispatch.Claimed, p Policy) bool {
	wasRepeatedLong := p.RepeatFor > 0 && store.Seconds(c.FirstAgo) > p.RepeatFor
	return wasRepeatedLong && store.Seconds(c.SentAgo) < repeatRarely
}

// makeAgain lets a post be made again although nobody knows whether it is there already. The new one says so (Unsure).
func (at attempts) makeAgain(f *dispatch.Finish, c dispatch.Claimed) {
	f.State, f.Unsure = store.Queued, true
	at.metrics.Account(c.AccountID).Repeated.Add(1)
}

// dropOldReason drops the error of an earlier attempt. The attempt that is looked for has no error of its own if its
// process ended before it wrote a result; then the delivery's row still has that of the attempt before.
func dropOldReason(f *dispatch.Finish, c *dispatch.Claimed, p Policy) {
	hasReason := c.ErrorClass == string(channels.Ambiguous) || p.Restored
	if !hasReason {
		c.ErrorText, f.ErrorClass, f.ErrorText = "", "", ""
	}
}

func reasonOf(c dispatch.Claimed) string { return ReasonWords(c.ErrorClass, c.ErrorText) }

// ReasonWords returns why an attempt failed, in words for people. text is what the delivery's row says
// (channels.SendError.Error): "class: Text.: cause". Only Text is returned.
func ReasonWords(class, text string) string {
	reason := strings.TrimPrefix(text, class+": ")
	if text, _, hasCause := strings.Cut(reason, ".: "); hasCause {
		return text + "."
	}
	return reason
}

// askPerson puts it to a person what becomes of a delivery. It leaves its lane, which goes on without it.
func (at attempts) askPerson(f *dispatch.Finish, c dispatch.Claimed) {
	f.State, f.Advance = store.NeedsDecision, 1
	at.metrics.Account(c.AccountID).Undecided.Add(1)
	at.report(f, c, Report{Kind: ReportUnclear, Text: reasonOf(c)})
}
