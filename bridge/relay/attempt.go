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
	authPause     = 30 * time.Second // how long a gate is closed after the provider refused Parley's password or token
	minLeaseLeft  = 5 * time.Second  // at least so much of a lease is left when its request ends
	maxErrorRunes = 500

	// A provider may ask for a pause of 0 s, but nothing is tried again at once.
	minThrottlePause = 50 * time.Millisecond
	minRetryPause    = 100 * time.Millisecond
)

// attempts makes attempts to send. A delivery is a row: one message on its way to one place, such as a reply to a
// customer or a post in a chat. The dispatcher claims deliveries whose turn it is, attempts sends each once, and makes a
// dispatch.Finish of the answer: the delivery's next state, how long it waits for another attempt, and the facts by which
// the use cases learn what became of it. The dispatcher writes that.
//
// A claimed delivery may be a run: several deliveries of a lane that leave as one message. Claimed.With are the others.
type attempts struct {
	handler Handler
	metrics *Metrics
	log     *slog.Logger
	opt     Options
}

// beginAll starts an attempt for each delivery in claimed and doesn't wait for them. Each calls tell once, in its own
// goroutine. asked is the time just before the claim, from which the request timeouts run.
func (at attempts) beginAll(
	ctx context.Context, claimed []dispatch.Claimed, asked time.Time, tell func(dispatch.Claimed, dispatch.Finish),
) {
	prepared, err := at.prepareAll(ctx, claimed)
	for i, c := range claimed {
		a := Attempt(unprepared{err})
		if err == nil {
			a = prepared[i]
		}
		go func() { tell(c, at.makeAttempt(ctx, c, a, asked)) }()
	}
}

// prepareAll calls Handler.Attempts, and turns a panic of it into an error.
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

// Send implements Attempt. Nothing was sent, so trying again is safe.
func (u unprepared) Send(context.Context) (Sent, error) {
	return Sent{Uncalled: true}, &channels.SendError{
		Class: channels.Retry,
		Text:  "Parley could not prepare the message.",
		Cause: u.cause,
	}
}

// Reconcile implements Attempt.
func (u unprepared) Reconcile(context.Context) (channels.Outcome, Sent, error) {
	return channels.CannotTell, Sent{}, u.cause
}

// makeAttempt makes the attempt at one claimed delivery, or, where the answer to an earlier attempt was lost, looks for
// what that one sent. It returns what is to be written.
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
	// Once the lease is over, others may claim the lane. So no request may outlive it. It was fixed when the lane was made.
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

// finishUntouched ends a claim with which nothing was done. Its deliveries wait as they did before, and can be claimed
// again at once.
func finishUntouched(f dispatch.Finish, c dispatch.Claimed) dispatch.Finish {
	f.Uncalled = true
	if c.State == store.Sending {
		f.State = store.Queued
	}
	finishRun(&f, c)
	return f
}

// finishRun fills f.With, the results of the run's other deliveries: they are those of the attempt, if it had any for
// them, and else that of the first delivery.
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

// report adds the facts to f that say what became of each delivery of a run.
func (at attempts) report(f *dispatch.Finish, c dispatch.Claimed, r Report) {
	for i, one := range claimsOfRun(c) {
		if i > 0 && i <= len(r.Sent.With) { // With holds the results from the second delivery on
			r.Sent.State = r.Sent.With[i-1].State
		}
		f.Facts = append(f.Facts, at.handler.Facts(one, r)...)
	}
}

// recoverPanic calls f. If f panics, nobody knows whether something was sent: the error is of class Ambiguous.
func (at attempts) recoverPanic(f func() (Sent, error)) (s Sent, err error) {
	defer func() {
		if p := recover(); p != nil {
			at.log.Error("attempt panicked", "panic", fmt.Sprint(p))
			err = &channels.SendError{
				Class: channels.Ambiguous,
				Text:  "Internal error while sending.",
				Cause: fmt.Errorf("panic: %v", p),
			}
		}
	}()
	return f()
}

// concludeAttempt fills f in from the answer to an attempt.
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
	// The error's text isn't logged, since servers answer with the customer's address. The delivery's row keeps it.
	at.log.Info("attempt failed", "delivery_id", c.ID, "conversation_id", c.ConversationID, "class", string(class), "state", f.State,
		"attempt", c.Attempt)
}

// progressOf copies only the Progress of results: the run goes on, so its deliveries have no state yet.
func progressOf(with []dispatch.Part) []dispatch.Part {
	var list []dispatch.Part
	for _, p := range with {
		list = append(list, dispatch.Part{Progress: p.Progress})
	}
	return list
}

// chooseNextState chooses what becomes of a delivery whose attempt failed: it is given up, looked for, or tried again
// after a pause. The first rule that fits decides.
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
		if se.Pair { // the limit is one for this customer: only her lane waits
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

// finishLanded fills f in for a delivery that arrived, or of which one part did (Sent.More).
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
	f.With = sent.With
	sent.State = f.State
	at.report(f, c, Report{Kind: ReportLanded, Sent: sent})
	at.metrics.Account(c.AccountID).Landed.Add(1)
}

// retry makes a delivery wait for its next attempt, or gives it up when it was tried for Policy.RetryFor. If that time has
// passed while the whole account was held up, it is tried once more.
func (at attempts) retry(f *dispatch.Finish, c dispatch.Claimed, p Policy, se *channels.SendError) {
	wasHeldUp := holdsUpAccount(channels.Class(c.ErrorClass)) || holdsUpAccount(se.Class)
	if store.Seconds(c.FirstAgo) > p.RetryFor && !wasHeldUp {
		at.giveUp(f, c, se)
		return
	}

	f.State = store.Queued
	wait := se.Wait
	if wait == 0 {
		wait = p.pauseAfterCall(c)
		if f.Uncalled {
			wait = spread(choosePause(p.Backoff, c.Attempt, store.Seconds(c.FirstAgo)))
		}
	}
	f.Wait = at.opt.pauseSeconds(max(wait, minRetryPause))
	at.warnIfLate(f, c, se)
}

// holdsUpAccount reports whether an error of a class keeps all messages of an account waiting, whatever they say.
func holdsUpAccount(class channels.Class) bool {
	return class == channels.Held || class == channels.AuthBroken || class == channels.Throttled
}

// pauseAfterCall returns the pause after an attempt that called the other side. Those before it that called nobody don't count:
// a message that waited long for something is tried again as soon as any other after its first failure.
func (p Policy) pauseAfterCall(c dispatch.Claimed) time.Duration {
	return spread(choosePause(p.Backoff, max(c.Attempt-p.Uncounted, 1), store.Seconds(c.FirstAgo)))
}

// choosePause returns the pause after the nth attempt, where since is the time that has passed since the first one. waits
// are the pauses of Policy.Backoff. The nth attempt doesn't always have the nth pause, because among the attempts there may be
// some that only waited for something: a pause is used only once since is at least the sum of all pauses before it, each as
// short as spread may make it.
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

// spread shortens a pause by a random part of up to a quarter. So messages that failed when a server went down are not
// all tried again in the same moment.
func spread(pause time.Duration) time.Duration { return pause - rand.N(pause-shortestPause(pause)+1) }

// shortestPause returns the shortest pause that spread may make of a pause.
func shortestPause(pause time.Duration) time.Duration { return pause * 3 / 4 }

// warnIfLate has the agent told, once, that a message has not left within Options.LateAfter.
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
