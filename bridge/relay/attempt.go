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
)

const (
	authPause     = 30 * time.Second // how long a gate is closed after the provider refused Parley's credentials
	minLeaseLeft  = 5 * time.Second  // the least that must remain of a lease when its request times out
	maxErrorRunes = 500              // of the error text in a delivery's row

	// A provider may ask for a pause of 0 s, but nothing is retried at once.
	minThrottlePause = 50 * time.Millisecond
	minRetryPause    = 100 * time.Millisecond
)

// attempts sends claimed deliveries. A delivery is a row: one message to one destination, such as a reply to a
// customer or a post in the agents' chat. It waits in a lane, the queue of its conversation and destination.
// The dispatcher claims deliveries that are due, and attempts sends each once and converts the answer to a
// dispatch.Finish: the delivery's next state, how long it waits for another attempt, and the facts that report
// its fate to the use cases. The dispatcher writes the Finish.
//
// For example, if a mail server answers "try again later", the Finish puts the reply back into state queued
// with a pause from Policy.Backoff. If the connection breaks after the message was sent, its state becomes
// unknown, and later attempts look for the message before anything is sent again.
//
// A claimed delivery may be a run: several deliveries of a lane that are sent as one message. Claimed.With has
// the others.
type attempts struct {
	handler Handler
	metrics *Metrics
	log     *slog.Logger
	opt     Options
}

// beginAll starts an attempt for each delivery in claimed, without waiting for them. Each attempt calls done
// once, in its own goroutine. asked is the time just before the claim, from which the request timeouts run.
func (at attempts) beginAll(
	ctx context.Context, claimed []store.ClaimedDelivery, asked time.Time, done func(store.ClaimedDelivery, store.FinishedDelivery),
) {
	prepared, err := at.prepareAll(ctx, claimed)
	for i, c := range claimed {
		a := Attempt(unprepared{err})
		if err == nil {
			a = prepared[i]
		}
		go func() { done(c, at.makeAttempt(ctx, c, a, asked)) }()
	}
}

// prepareAll calls Handler.Attempts and turns a panic into an error.
func (at attempts) prepareAll(ctx context.Context, claimed []store.ClaimedDelivery) (list []Attempt, err error) {
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

// unprepared is the Attempt for a delivery that the handler failed to prepare.
type unprepared struct{ cause error }

// Send implements Attempt. Nothing was sent, so a retry is safe.
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

// makeAttempt sends one claimed delivery or, if the answer to an earlier attempt was lost, looks for what that
// attempt sent. It returns what has to be written.
func (at attempts) makeAttempt(ctx context.Context, c store.ClaimedDelivery, a Attempt, asked time.Time) store.FinishedDelivery {
	f := store.FinishedDelivery{
		LaneID:   c.LaneID,
		Epoch:    c.Epoch,
		ID:       c.ID,
		State:    c.State,
		Part:     c.Part,
		Progress: c.Progress,
		Joined:   c.Joined,
		GatePace: store.GatePace{Gate: c.GateID},
	}
	f.ErrorClass, f.ErrorText = c.ErrorClass, c.ErrorText // kept until another attempt has a result

	if c.ID == 0 { // the lane was claimed, but its head isn't due yet
		f.Uncalled = true
		return f
	}
	if c.Torn {
		return finishUntouched(f, c)
	}

	policy := at.handler.Policy(c)

	// Once the lease has expired, others may claim the lane, so no request may outlive the lease.
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
		// Already decided: the delivery was cancelled, or its receipt arrived first.
		f.Advance, f.Uncalled = 1, true
	}

	finishRun(&f, c)
	return f
}

// finishUntouched ends a claim without an attempt. The deliveries wait as before and can be claimed again at
// once.
func finishUntouched(f store.FinishedDelivery, c store.ClaimedDelivery) store.FinishedDelivery {
	f.Uncalled = true
	if c.State == store.Sending {
		f.State = store.Queued
	}
	finishRun(&f, c)
	return f
}

// finishRun fills in f.With, the results of the run's other deliveries. These are the attempt's own results for
// them, if it had any, and otherwise the result of the first delivery.
func finishRun(f *store.FinishedDelivery, c store.ClaimedDelivery) {
	results := f.With
	f.With = nil
	for i, d := range c.With {
		part := store.DeliveryPart{Progress: d.Progress}
		if i < len(results) {
			part = results[i]
		}

		part.ID = d.ID
		part.State = cmp.Or(part.State, f.State)
		part.Warned = f.Warned
		f.With = append(f.With, part)
	}

	if n := len(c.With); f.Advance > 0 && n > 0 {
		f.Advance = int(c.With[n-1].Seq - c.Seq + 1) // the run may have cancelled deliveries in between
	}
}

// claimsOfRun returns a claim for every delivery of a run.
func claimsOfRun(c store.ClaimedDelivery) []store.ClaimedDelivery {
	all := []store.ClaimedDelivery{c}
	for _, d := range c.With {
		one := c
		one.Delivery = d
		all = append(all, one)
	}
	return all
}

// report adds facts about the result to f, for each delivery of a run.
func (at attempts) report(f *store.FinishedDelivery, c store.ClaimedDelivery, r Report) {
	for i, one := range claimsOfRun(c) {
		if i > 0 && i <= len(r.Sent.With) { // With holds the results from the second delivery on
			r.Sent.State = r.Sent.With[i-1].State
		}
		f.Facts = append(f.Facts, at.handler.Facts(one, r)...)
	}
}

// recoverPanic calls f. If f panics, it is unknown whether something was sent, so the error is of class
// Ambiguous.
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

// concludeAttempt fills in f from the answer to an attempt.
func (at attempts) concludeAttempt(f *store.FinishedDelivery, c store.ClaimedDelivery, p Policy, sent Sent, err error) {
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

	// Don't log the error text: servers may quote the customer's address in it. The delivery's row has it.
	at.log.Info("attempt failed", "delivery_id", c.ID, "conversation_id", c.ConversationID, "class", string(class), "state", f.State,
		"attempt", c.Attempt)
}

// progressOf copies only the Progress of results. The run is not finished, so its deliveries have no state yet.
func progressOf(with []store.DeliveryPart) []store.DeliveryPart {
	var list []store.DeliveryPart
	for _, p := range with {
		list = append(list, store.DeliveryPart{Progress: p.Progress})
	}
	return list
}

// chooseNextState decides what happens to a delivery whose attempt failed: it is given up, looked for, or
// retried after a pause. The first matching rule decides.
func (at attempts) chooseNextState(f *store.FinishedDelivery, c store.ClaimedDelivery, p Policy, class channels.Class,
	se *channels.SendError) {
	isTemporary := class == channels.Throttled || class == channels.Retry || class == channels.Held
	if p.BestEffort && !isTemporary { // not worth looking for
		f.State, f.Advance = store.Failed, 1
		return
	}

	if class == channels.Ambiguous && !p.Idempotent { // it must be looked for before it may be sent again
		f.State = store.Unknown
		f.Wait = (p.RequestTimeout + at.opt.ReconcileAfter).Seconds()
		return
	}

	switch class {
	case channels.Throttled:
		f.State = store.Queued
		wait := at.opt.pauseSeconds(max(se.Wait, minThrottlePause))
		if se.Pair { // a limit for this customer: only her lane waits
			f.Wait = wait
		} else {
			f.GateWait = wait
		}
		at.warnIfLate(f, c, se)
	case channels.AuthBroken:
		f.State = store.Queued
		f.Uncalled = true // the provider did not look at the message
		f.GateWait = at.opt.pauseSeconds(authPause)
		at.warnIfLate(f, c, se)
	case channels.Retry, channels.Held, channels.Ambiguous:
		at.retry(f, c, p, se)
	default:
		at.giveUp(f, c, se)
	}
}

// finishLanded fills in f for a delivery that arrived, or of which one part did (Sent.More).
func (at attempts) finishLanded(f *store.FinishedDelivery, c store.ClaimedDelivery, sent Sent) {
	f.Landed = sent.Landed
	f.Recovered = c.ErrorClass != ""
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

// retry lets a delivery wait for its next attempt. Once Policy.RetryFor has passed, it gives the delivery up, but not
// after an attempt that made no call, because that one only waited for something. If the whole account was blocked, the
// delivery gets one more attempt.
func (at attempts) retry(f *store.FinishedDelivery, c store.ClaimedDelivery, p Policy, se *channels.SendError) {
	wasAccountBlocked := blocksAccount(channels.Class(c.ErrorClass)) || blocksAccount(se.Class)
	if store.Seconds(c.FirstAgo) > p.RetryFor && !wasAccountBlocked && !f.Uncalled {
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

// blocksAccount reports whether an error of this class blocks all messages of an account, whatever their
// content.
func blocksAccount(class channels.Class) bool {
	return class == channels.Held || class == channels.AuthBroken || class == channels.Throttled
}

// pauseAfterCall returns the pause after an attempt that called the provider. Earlier attempts that made no
// call don't count, so a message that waited long for something else gets the short first pause after its first
// failure.
func (p Policy) pauseAfterCall(c store.ClaimedDelivery) time.Duration {
	return spread(choosePause(p.Backoff, max(c.Attempt-p.Uncounted, 1), store.Seconds(c.FirstAgo)))
}

// choosePause returns the pause after the nth attempt. pauses is Policy.Backoff, and since is the time since
// the first attempt. This isn't always the nth pause, because some of the attempts may only have waited for
// something: a pause is used only once since covers all shorter pauses in front of it, each at its minimum
// (shortestPause).
func choosePause(pauses []time.Duration, attempt int, since time.Duration) time.Duration {
	last := min(attempt, len(pauses)) - 1
	covered := shortestPause(pauses[0])
	i := 0
	for i < last && since >= covered {
		i++
		covered += shortestPause(pauses[i])
	}
	return pauses[i]
}

// spread shortens a pause by a random fraction of up to a quarter, so that messages that failed together, for
// example when a server went down, are not all retried at the same moment.
func spread(pause time.Duration) time.Duration { return pause - rand.N(pause-shortestPause(pause)+1) }

// shortestPause returns the shortest result of spread.
func shortestPause(pause time.Duration) time.Duration { return pause * 3 / 4 }

// warnIfLate notifies the agent, once, that a message has not been sent within Options.LateAfter.
func (at attempts) warnIfLate(f *store.FinishedDelivery, c store.ClaimedDelivery, se *channels.SendError) {
	if c.WarnedAt != nil || store.Seconds(c.FirstAgo) < at.opt.LateAfter {
		return
	}
	f.Warned = true
	at.report(f, c, Report{Kind: ReportLate, Class: se.Class, Text: se.Text, Hint: se.Hint})
}

// giveUp ends a delivery that failed permanently.
func (at attempts) giveUp(f *store.FinishedDelivery, c store.ClaimedDelivery, se *channels.SendError) {
	f.State, f.Advance = store.Failed, 1
	at.report(f, c, Report{Kind: ReportFailed, Class: se.Class, Text: se.Text, Hint: se.Hint})
	at.metrics.Account(c.AccountID).Failed.Add(1)
}

// shorten cuts an error text to what fits into a delivery's row.
func shorten(s string) string {
	if r := []rune(s); len(r) > maxErrorRunes {
		return string(r[:maxErrorRunes])
	}
	return s
}
