package relay

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"parley/channels"
	"parley/store"
	"parley/store/dispatch"
)

const (
	authPause     = 30 * time.Second
	minLeaseLeft  = 5 * time.Second // at least so much of a lease is left when its request ends
	maxErrorRunes = 500

	// Providers may ask for a pause of nothing; but nothing is tried again at once.
	minThrottlePause = 50 * time.Millisecond
	minRetryPause    = 100 * time.Millisecond
)

// attempts makes attempts at claimed deliveries, and says of each what became of it.
type attempts struct {
	handler Handler
	metrics *Metrics
	log     *slog.Logger
	opt     Options
}

// beginAll begins the attempts at all deliveries that one turn claimed, and tells what became of each. tell is called
// by several goroutines. asked is the time just before the claim, from which the request timeouts run.
func (at attempts) beginAll(ctx context.Context, claimed []dispatch.Claimed, asked time.Time, tell func(dispatch.Claimed, dispatch.Finish)) {
	prepared, err := at.prepareAll(ctx, claimed)
	for i, c := range claimed {
		a := Attempt(unprepared{err})
		if err == nil {
			a = prepared[i]
		}
		go func() { tell(c, at.makeAttempt(ctx, c, a, asked)) }()
	}
}

// prepareAll turns a panic of the handler into an error.
func (at attempts) prepareAll(ctx context.Context, claimed []dispatch.Claimed) (list []Attempt, err error) {
	defer func() {
		if p := recover(); p != nil {
			at.log.Error("attempts panicked", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = fmt.Errorf("relay: panic: %v", p)
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	return at.handler.Attempts(ctx, claimed), nil
}

// unprepared is the attempt at a delivery for which the handler failed to prepare one.
type unprepared struct{ cause error }

// Send implements Attempt: nothing left, so that trying again is safe.
func (u unprepared) Send(context.Context) (Sent, error) {
	return Sent{Uncalled: true}, &channels.SendError{Class: channels.Retry, Text: "Parley could not prepare the message.", Cause: u.cause}
}

// Reconcile implements Attempt.
func (u unprepared) Reconcile(context.Context) (channels.Outcome, Sent, error) {
	return channels.CannotTell, Sent{}, u.cause
}

// makeAttempt makes the attempt at one claimed delivery, or looks for an earlier one, and says what became of it.
func (at attempts) makeAttempt(ctx context.Context, c dispatch.Claimed, a Attempt, asked time.Time) dispatch.Finish {
	f := dispatch.Finish{
		LaneID:   c.LaneID,
		Epoch:    c.Epoch,
		ID:       c.ID,
		State:    c.State,
		Part:     c.Part,
		Progress: c.Progress,
		Joined:   c.Joined,
		Gate:     c.GateID,
	}
	f.ErrorClass, f.ErrorText = c.ErrorClass, c.ErrorText // known until another attempt has a result

	if c.ID == 0 { // the lane was claimed, but its head isn't due yet
		f.Uncalled = true
		return f
	}
	if c.Torn {
		return finishUntouched(f, c)
	}

	policy := at.handler.Policy(c)
	// The lease was fixed when the lane was made: no request may outlive it.
	policy.RequestTimeout = min(policy.RequestTimeout, max(store.Seconds(c.LeaseSeconds)-minLeaseLeft, time.Second))
	policy.RequestTimeout = at.opt.requestTime(policy.RequestTimeout)
	ctx, cancel := context.WithDeadline(ctx, asked.Add(policy.RequestTimeout))
	defer cancel()

	switch c.State {
	case store.Sending:
		at.metrics.attemptBegan(c, asked)
		sent, err := at.recoverPanic(func() (Sent, error) { return a.Send(ctx) })
		at.metrics.attemptEnded(c)
		f.Uncalled = sent.Uncalled
		at.concludeAttempt(&f, c, policy, sent, err)
	case store.Unknown:
		dropOldReason(&f, &c, policy)
		at.lookForAttempt(ctx, &f, c, a, policy)
	default:
		// It was decided before: the delivery was cancelled, or its receipt came first.
		f.Advance, f.Uncalled = 1, true
	}

	finishRun(&f, c)
	return f
}

// finishUntouched ends a claim with which nothing was done: its deliveries wait as they did before, and can be claimed at once.
func finishUntouched(f dispatch.Finish, c dispatch.Claimed) dispatch.Finish {
	f.Uncalled = true
	if c.State == store.Sending {
		f.State = store.Queued
	}
	finishRun(&f, c)
	return f
}

// finishRun writes the result of a run's first delivery for the others, too, unless the attempt had a result of their own for
// them.
func finishRun(f *dispatch.Finish, c dispatch.Claimed) {
	results := f.With
	f.With = nil
	for i, d := range c.With {
		p := dispatch.Part{Progress: d.Progress}
		if i < len(results) {
			p = results[i]
		}

		p.ID = d.ID
		p.State = cmp.Or(p.State, f.State)
		p.Warned = f.Warned
		f.With = append(f.With, p)
	}

	if n := len(c.With); f.Advance > 0 && n > 0 {
		f.Advance = int(c.With[n-1].Seq - c.Seq + 1) // cancelled deliveries may lie between those of the run
	}
}

// claimsOfRun returns a claim for every delivery of a run.
func claimsOfRun(c dispatch.Claimed) []dispatch.Claimed {
	all := []dispatch.Claimed{c}
	for _, d := range c.With {
		one := c
		one.Delivery = d
		all = append(all, one)
	}
	return all
}

// report journals what became of each delivery of a run.
func (at attempts) report(f *dispatch.Finish, c dispatch.Claimed, r Report) {
	for i, one := range claimsOfRun(c) {
		if i > 0 && i <= len(r.Sent.With) { // With holds the results from the second delivery on
			r.Sent.State = r.Sent.With[i-1].State
		}
		f.Facts = append(f.Facts, at.handler.Facts(one, r)...)
	}
}

// recoverPanic turns a panic into an ambiguous failure.
func (at attempts) recoverPanic(f func() (Sent, error)) (s Sent, err error) {
	defer func() {
		if p := recover(); p != nil {
			at.log.Error("attempt panicked", "panic", fmt.Sprint(p))
			err = &channels.SendError{Class: channels.Ambiguous, Text: "Internal error while sending.", Cause: fmt.Errorf("panic: %v", p)}
		}
	}()
	return f()
}

// concludeAttempt turns the answer to an attempt into what is written.
func (at attempts) concludeAttempt(f *dispatch.Finish, c dispatch.Claimed, p Policy, sent Sent, err error) {
	if err == nil {
		at.finishLanded(f, c, sent)
		f.Rest = at.opt.pauseSeconds(p.Rest)
		return
	}

	class := channels.ClassOf(err)
	var se *channels.SendError
	if !errors.As(err, &se) {
		se = &channels.SendError{Class: class, Text: "The connection broke while sending.", Cause: err}
	}

	f.ErrorClass, f.ErrorText = string(class), shorten(se.Error())
	at.metrics.countTrouble(c.AccountID, class)
	f.Progress = cmp.Or(sent.Progress, f.Progress)
	f.With = progressOf(sent.With)
	at.chooseNextState(f, c, p, class, se)
	// No text: servers answer with the customer's address. The delivery's row keeps it.
	at.log.Info("attempt failed", "delivery_id", c.ID, "conversation_id", c.ConversationID, "class", string(class), "state", f.State,
		"attempt", c.Attempt)
}

// progressOf returns what an attempt noted of each further delivery of a run that isn't over.
func progressOf(with []dispatch.Part) []dispatch.Part {
	var list []dispatch.Part
	for _, p := range with {
		list = append(list, dispatch.Part{Progress: p.Progress})
	}
	return list
}

// chooseNextState chooses whether a delivery whose attempt failed is given up, looked for or tried again, and when. The first
// rule that fits decides.
func (at attempts) chooseNextState(f *dispatch.Finish, c dispatch.Claimed, p Policy, class channels.Class, se *channels.SendError) {
	isPassing := class == channels.Throttled || class == channels.Retry || class == channels.Held
	if p.BestEffort && !isPassing { // not even looked for
		f.State, f.Advance = store.Failed, 1
		return
	}

	if class == channels.Ambiguous && !p.Idempotent { // looked for before it may be sent again
		f.State = store.Unknown
		f.Wait = (p.RequestTimeout + at.opt.ReconcileAfter).Seconds()
		return
	}

	switch class {
	case channels.Throttled:
		f.State = store.Queued
		wait := at.opt.pauseSeconds(max(se.Wait, minThrottlePause))
		if se.Pair { // only this customer's lane waits, and keeps its order
			f.Wait = wait
		} else {
			f.GateWait = wait
		}

		at.warnIfLate(f, c, se)
	case channels.AuthBroken:
		f.State = store.Queued
		f.Uncalled = true // the provider has not looked at the message
		f.GateWait = at.opt.pauseSeconds(authPause)
		at.warnIfLate(f, c, se)
	case channels.Retry, channels.Held, channels.Ambiguous:
		at.retry(f, c, p, se)
	default:
		at.giveUp(f, c, se)
	}
}

// finishLanded writes that a delivery, or a part of it, is there.
func (at attempts) finishLanded(f *dispatch.Finish, c dispatch.Claimed, sent Sent) {
	f.Landed = sent.Landed
	f.ErrorClass, f.ErrorText = "", ""
	f.Progress = sent.Progress
	f.ExternalID = sent.ExternalID
	if sent.More {
		f.State, f.Part = store.Queued, c.Part+1
		f.With = progressOf(sent.With)
		return
	}

	f.State = cmp.Or(sent.State, store.Accepted)
	f.Advance = 1

	for i := range sent.With {
		sent.With[i].State = cmp.Or(sent.With[i].State, store.Accepted)
	}

	f.With, sent.State = sent.With, f.State
	at.report(f, c, Report{Kind: ReportLanded, Sent: sent})
	at.metrics.Account(c.AccountID).Landed.Add(1)
}

// retry makes a delivery wait for its next attempt, or gives it up when it was tried for long enough. If its time has passed while the
// account was paused, refused, or was to wait, it has one more attempt.
func (at attempts) retry(f *dispatch.Finish, c dispatch.Claimed, p Policy, se *channels.SendError) {
	holdsUp := func(class channels.Class) bool {
		return class == channels.Held || class == channels.AuthBroken || class == channels.Throttled
	}
	wasHeldUp := holdsUp(channels.Class(c.ErrorClass)) || holdsUp(se.Class)
	if store.Seconds(c.FirstAgo) > p.RetryFor && !wasHeldUp {
		at.giveUp(f, c, se)
		return
	}
	f.State = store.Queued
	wait := se.Wait
	if wait == 0 && len(p.Backoff) > 0 {
		wait = spread(choosePause(p.Backoff, c.Attempt, store.Seconds(c.FirstAgo)))
	}
	f.Wait = at.opt.pauseSeconds(max(wait, minRetryPause))
	at.warnIfLate(f, c, se)
}

// choosePause returns the pause after an attempt. The number of attempts is not enough to choose it, because it also counts
// attempts that only waited for something. So a later pause is used only when since is at least the sum of all earlier
// pauses, each as short as spread may make it.
func choosePause(waits []time.Duration, attempt int, since time.Duration) time.Duration {
	last := min(attempt, len(waits)) - 1
	passed := shortestPause(waits[0])
	i := 0
	for i < last && since >= passed {
		i++
		passed += shortestPause(waits[i])
	}
	return waits[i]
}

// spread shortens a pause by up to a quarter, so that the messages which failed when a server
// went down don't all come back in the same moment.
func spread(pause time.Duration) time.Duration { return pause - rand.N(pause-shortestPause(pause)+1) }

// shortestPause returns the shortest pause that spread may make of a pause.
func shortestPause(pause time.Duration) time.Duration { return pause * 3 / 4 }

// warnIfLate tells the agent, once, that a message has not left yet, when that has been so for long.
func (at attempts) warnIfLate(f *dispatch.Finish, c dispatch.Claimed, se *channels.SendError) {
	if c.WarnedAt != nil || store.Seconds(c.FirstAgo) < at.opt.LateAfter {
		return
	}
	f.Warned = true
	at.report(f, c, Report{Kind: ReportLate, Class: se.Class, Text: se.Text, Hint: se.Hint})
}

// giveUp ends a delivery that failed for good.
func (at attempts) giveUp(f *dispatch.Finish, c dispatch.Claimed, se *channels.SendError) {
	f.State, f.Advance = store.Failed, 1
	at.report(f, c, Report{Kind: ReportFailed, Class: se.Class, Text: se.Text, Hint: se.Hint})
	at.metrics.Account(c.AccountID).Failed.Add(1)
}

// shorten cuts a text for the row of a delivery.
func shorten(s string) string {
	if r := []rune(s); len(r) > maxErrorRunes {
		return string(r[:maxErrorRunes])
	}
	return s
}
