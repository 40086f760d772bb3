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

// Times between two looks for a lost answer: lookAgainEvery while nobody can tell, and at most lookForLateEvery while what
// was sent may still arrive.
const (
	lookAgainEvery   = 15 * time.Second
	lookForLateEvery = time.Minute
)

// repeatRarely is the time between two attempts at a post that is never given up, once it was made again for Policy.RepeatFor.
const repeatRarely = 24 * time.Hour

// lookForAttempt looks for an attempt whose answer was lost. Only if it was found absent twice, and for long enough, the delivery is
// sent again. If nobody can tell, a person decides, or a post with PreferDouble is made again. What may be made twice without harm
// (Idempotent), and what nobody misses (BestEffort), isn't looked for.
func (at attempts) lookForAttempt(ctx context.Context, f *dispatch.Finish, c dispatch.Claimed, a Attempt, p Policy) {
	f.State = store.Unknown
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

	var outcome channels.Outcome
	sent, err := at.recoverPanic(func() (s Sent, err error) {
		outcome, s, err = a.Reconcile(ctx)
		return s, err
	})

	at.metrics.Reconciled.Add(1)

	if err != nil {
		at.log.Info("reconcile failed", "delivery_id", c.ID, "error", err)
		outcome = channels.CannotTell
	}
	if outcome == channels.Landed {
		at.finishLanded(f, c, sent)
		if p.Restored && sent.More {
			f.State = store.Unknown // the next part may be there as well
		}
		return
	}
	isForPerson := p.Restored && !p.PreferDouble // after a restore nothing is sent again unless a person says so
	if isForPerson && err == nil {
		at.askPerson(f, c)
		return
	}
	if outcome == channels.Absent {
		at.noteAbsent(f, c, p, sent)
		return
	}
	unclearAfter := at.opt.UnclearAfter
	if c.AbsentAgo > 0 { // the look before found it absent: another one may soon prove that
		unclearAfter += at.opt.absentFor(p.AbsentFor)
	}
	if ago > unclearAfter {
		at.endDoubt(f, c, p)
		return
	}
	f.Wait = lookAgainEvery.Seconds()
	if se, ok := errors.AsType[*channels.SendError](err); ok && channels.ClassOf(err) == channels.Throttled {
		f.GateWait = at.opt.pauseSeconds(max(se.Wait, minThrottlePause))
	}
}

// noteAbsent notes that the destination doesn't have a delivery. When it has been so for long enough, the delivery is sent
// again, after the pause that follows any failed attempt; until then it is looked for once more, because what was sent may arrive late.
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
	if wasTriedLong && !isSafe { // else the time may have passed in waits that don't count: one more attempt tells
		at.giveUp(f, c, failed)
		return
	}
	if sent.Blind && isOnlyLookedFor(c, p) {
		f.Wait = lookForLateEvery.Seconds()
		return
	}

	f.State = store.Queued
	if len(p.Backoff) > 0 { // the looks took up a part of the pause, or all of it
		pause := spread(choosePause(p.Backoff, c.Attempt, store.Seconds(c.FirstAgo)))
		f.Wait = at.opt.pauseSeconds(max(pause-store.Seconds(c.SentAgo), 0))
	}
	at.warnIfLate(f, c, failed)
	if sent.Blind {
		at.makeAgain(f, c)
	}
}

// wasAbsentBefore reports whether an earlier attempt than the current one was found to be absent.
func wasAbsentBefore(c dispatch.Claimed) bool { return c.AbsentAt != nil && c.AbsentAgo == 0 }

// giveUpLate gives up a delivery whose current attempt is absent, too, once the attempt can't arrive any more. Until then it doesn't note
// this absence, which would take the place of the earlier attempt's, by which wasAbsentBefore decides.
func (at attempts) giveUpLate(f *dispatch.Finish, c dispatch.Claimed, after time.Duration) {
	if rest := after - store.Seconds(c.SentAgo); rest > 0 {
		f.Wait = min(rest, lookForLateEvery).Seconds()
		return
	}
	at.giveUp(f, c, &channels.SendError{Class: channels.Ambiguous, Text: reasonOf(c)})
}

// endDoubt ends a long search for an attempt. A post whose answers are always lost is not made again for ever.
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

// isOnlyLookedFor reports whether a post that is never given up is only looked for now, though nobody can tell whether it was made. After
// Policy.RepeatFor it is made again once a day: more often, each round could leave one more in the chat. But never wouldn't do, since the
// time may have passed in waits that reached nobody, and where Parley may not look, the post would never be found.
func isOnlyLookedFor(c dispatch.Claimed, p Policy) bool {
	wasRepeatedLong := p.RepeatFor > 0 && store.Seconds(c.FirstAgo) > p.RepeatFor
	return wasRepeatedLong && store.Seconds(c.SentAgo) < repeatRarely
}

// makeAgain lets a post be made again although nobody could find out whether it was made.
func (at attempts) makeAgain(f *dispatch.Finish, c dispatch.Claimed) {
	f.State, f.Unsure = store.Queued, true
	at.metrics.Account(c.AccountID).Repeated.Add(1)
}

// dropOldReason forgets why an earlier attempt failed. The attempt that is looked for has no reason of its own if its process ended
// without a result.
func dropOldReason(f *dispatch.Finish, c *dispatch.Claimed, p Policy) {
	hasReason := c.ErrorClass == string(channels.Ambiguous) || p.Restored
	if !hasReason {
		c.ErrorText, f.ErrorClass, f.ErrorText = "", "", ""
	}
}

func reasonOf(c dispatch.Claimed) string { return ReasonWords(c.ErrorClass, c.ErrorText) }

// ReasonWords returns why an attempt failed or is unclear, in words for people: what the row of its delivery says
// (channels.SendError.Error), without the error's class and cause.
func ReasonWords(class, text string) string {
	reason := strings.TrimPrefix(text, class+": ")
	if text, _, hasCause := strings.Cut(reason, ".: "); hasCause {
		return text + "."
	}
	return reason
}

// askPerson makes a person decide what becomes of a delivery.
func (at attempts) askPerson(f *dispatch.Finish, c dispatch.Claimed) {
	f.State, f.Advance = store.NeedsDecision, 1
	at.metrics.Account(c.AccountID).Undecided.Add(1)
	at.report(f, c, Report{Kind: ReportUnclear, Text: reasonOf(c)})
}
