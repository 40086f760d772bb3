package relay

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"parley/channels"
	"parley/store"
)

const (
	lookAgain     = 15 * time.Second // while nobody can tell
	authWait      = 30 * time.Second
	leaseSpare    = 5 * time.Second // what is left of a lease when its request ends, at least
	maxErrorRunes = 500
)

// LeaseFor gives the lease that a lane needs for requests of a length.
func (o Options) LeaseFor(request time.Duration) time.Duration {
	return o.requestTime(request) + cmp.Or(o.LeaseMargin, 15*time.Second)
}

// requestTime gives how long an attempt may take that would like this long.
func (o Options) requestTime(wanted time.Duration) time.Duration {
	if o.MaxRequest > 0 {
		return min(wanted, o.MaxRequest)
	}
	return wanted
}

// pause gives the seconds of a pause between attempts.
func (o Options) pause(wanted time.Duration) float64 {
	if o.MaxWait > 0 {
		wanted = min(wanted, o.MaxWait)
	}
	return wanted.Seconds()
}

// attempt deals with one claimed head and says what became of it. began is the
// monotonic time before the claim: no byte may leave later than its request timeout.
func (d *dispatcher) attempt(ctx context.Context, c store.Claimed, began time.Time) store.Finish {
	f := store.Finish{LaneID: c.LaneID, Epoch: c.Epoch, ID: c.ID, State: c.State, Part: c.Part, Progress: c.Progress, Gate: c.GateID}
	if c.ID == 0 {
		return f // nothing at the head yet: due again when it is
	}
	policy := d.handler.Policy(c)
	// The lease was fixed when the lane was made: no request may outlive it.
	policy.RequestTimeout = min(policy.RequestTimeout, max(store.Seconds(c.LeaseSeconds)-leaseSpare, time.Second))
	policy.RequestTimeout = d.opt.requestTime(policy.RequestTimeout)
	ctx, cancel := context.WithDeadline(context.WithoutCancel(ctx), began.Add(policy.RequestTimeout))
	defer cancel()
	switch c.State {
	case store.Sending:
		sent, err := d.safely(func() (Sent, error) { return d.handler.Send(ctx, c) })
		d.metrics.Attempts.Add(1)
		d.conclude(&f, c, policy, sent, err)
	case store.Unknown:
		d.reconcile(ctx, &f, c, policy)
	default:
		f.Advance = true // decided already: cancelled, or a receipt came first
	}
	return f
}

// safely turns a panic into an ambiguous failure.
func (d *dispatcher) safely(f func() (Sent, error)) (s Sent, err error) {
	defer func() {
		if p := recover(); p != nil {
			d.log.Error("attempt panicked", "panic", fmt.Sprint(p))
			err = &channels.SendError{Class: channels.Ambiguous, Text: "Internal error while sending.", Cause: fmt.Errorf("panic: %v", p)}
		}
	}()
	return f()
}

// conclude turns an attempt's answer into what is written.
func (d *dispatcher) conclude(f *store.Finish, c store.Claimed, p Policy, sent Sent, err error) {
	if err == nil {
		d.landed(f, c, sent)
		return
	}
	class := channels.ClassOf(err)
	var se *channels.SendError
	if !errors.As(err, &se) {
		se = &channels.SendError{Class: class, Text: "The connection broke while sending.", Cause: err}
	}
	f.ErrorClass, f.ErrorText = string(class), clip(se.Error())
	if sent.Progress != "" {
		f.Progress = sent.Progress
	}
	switch {
	case p.BestEffort && class != channels.Throttled && class != channels.Retry:
		f.State, f.Advance = store.Failed, true
	case class == channels.Ambiguous && !p.Idempotent:
		f.State = store.Unknown
		f.Wait = (p.RequestTimeout + d.opt.ReconcileAfter).Seconds()
	case class == channels.Throttled:
		f.State, f.GateWait = store.Queued, d.opt.pause(max(se.Wait, 50*time.Millisecond))
		d.late(f, c, se)
	case class == channels.AuthBroken:
		f.State, f.GateWait = store.Queued, d.opt.pause(authWait)
		d.late(f, c, se)
	case class == channels.Retry || class == channels.Ambiguous:
		d.retry(f, c, p, se)
	default:
		d.fail(f, c, se)
	}
	// No text: servers answer with the customer's address. The delivery's row keeps it.
	d.log.Info("attempt failed", "delivery_id", c.ID, "conversation_id", c.ConversationID, "class", string(class), "state", f.State,
		"attempt", c.Attempt)
}

func (d *dispatcher) landed(f *store.Finish, c store.Claimed, sent Sent) {
	f.Landed, f.Progress, f.ExternalID = sent.Landed, sent.Progress, sent.ExternalID
	if sent.More {
		f.State, f.Part = store.Queued, c.Part+1
		return
	}
	if f.State = sent.State; f.State == "" {
		f.State = store.Accepted
	}
	f.Advance = true
	f.Facts = d.handler.Facts(c, Report{Kind: ReportLanded, Sent: sent})
	d.metrics.Landed.Add(1)
}

func (d *dispatcher) retry(f *store.Finish, c store.Claimed, p Policy, se *channels.SendError) {
	if store.Seconds(c.FirstAgo) > p.RetryFor {
		d.fail(f, c, se)
		return
	}
	f.State = store.Queued
	wait := se.Wait
	if wait == 0 && len(p.Backoff) > 0 {
		wait = backoff(p.Backoff, c.Attempt, store.Seconds(c.FirstAgo))
	}
	f.Wait = d.opt.pause(max(wait, 100*time.Millisecond))
	d.late(f, c, se)
}

// backoff gives the pause after an attempt. Attempts that only waited for something
// count as well: so no later pause is used before the earlier ones have passed.
func backoff(waits []time.Duration, attempt int, since time.Duration) time.Duration {
	at := 0
	for passed := waits[0]; at < min(attempt, len(waits))-1 && since >= passed; passed += waits[at] {
		at++
	}
	return waits[at]
}

// late tells the agent once that a message still isn't out.
func (d *dispatcher) late(f *store.Finish, c store.Claimed, se *channels.SendError) {
	if c.WarnedAt != nil || store.Seconds(c.FirstAgo) < d.opt.LateAfter {
		return
	}
	f.Warned = true
	f.Facts = d.handler.Facts(c, Report{Kind: ReportLate, Class: se.Class, Text: se.Text, Hint: se.Hint})
}

func (d *dispatcher) fail(f *store.Finish, c store.Claimed, se *channels.SendError) {
	f.State, f.Advance = store.Failed, true
	f.Facts = d.handler.Facts(c, Report{Kind: ReportFailed, Class: se.Class, Text: se.Text, Hint: se.Hint})
	d.metrics.Failed.Add(1)
}

// reconcile looks for an attempt whose answer was lost. Only Absent, seen twice,
// allows another send; what nobody can tell goes to a person.
func (d *dispatcher) reconcile(ctx context.Context, f *store.Finish, c store.Claimed, p Policy) {
	f.State = store.Unknown
	if p.Idempotent {
		f.State = store.Queued
		return
	}
	if p.BestEffort {
		f.State, f.Advance = store.Failed, true
		return
	}
	earliest := p.RequestTimeout + d.opt.ReconcileAfter
	if ago := store.Seconds(c.SentAgo); ago < earliest {
		f.Wait = (earliest - ago).Seconds()
		return
	}
	var outcome channels.Outcome
	sent, err := d.safely(func() (s Sent, err error) {
		outcome, s, err = d.handler.Reconcile(ctx, c)
		return s, err
	})
	d.metrics.Reconciled.Add(1)
	if err != nil {
		d.log.Info("reconcile failed", "delivery_id", c.ID, "error", err)
		outcome = channels.CannotTell
	}
	switch {
	case outcome == channels.Landed:
		d.landed(f, c, sent)
	case outcome == channels.Absent && c.AbsentAt != nil && store.Seconds(c.AbsentAgo) >= d.opt.AbsentAgain:
		f.State = store.Queued
	case outcome == channels.Absent:
		f.Absent = c.AbsentAt == nil
		f.Wait = d.opt.AbsentAgain.Seconds()
	case store.Seconds(c.SentAgo) > d.opt.UnclearAfter && p.PreferDouble:
		f.State = store.Queued
	case store.Seconds(c.SentAgo) > d.opt.UnclearAfter:
		f.State, f.Advance = store.NeedsDecision, true
		f.Facts = d.handler.Facts(c, Report{Kind: ReportUnclear, Text: c.ErrorText})
	default:
		f.Wait = lookAgain.Seconds()
		if class := channels.ClassOf(err); err != nil && class == channels.Throttled {
			var se *channels.SendError
			errors.As(err, &se)
			f.GateWait = d.opt.pause(max(se.Wait, 50*time.Millisecond))
		}
	}
}

func clip(s string) string {
	if r := []rune(s); len(r) > maxErrorRunes {
		return string(r[:maxErrorRunes])
	}
	return s
}
