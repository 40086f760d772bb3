package relay

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/channels/wire"
	"parley/store"
)

// runSuspects applies suspects, one by one, until ctx ends. A suspect is an event (a stored fact, such as a
// customer's mail) that failed, or that was in a failed batch and may be the cause. For example, a mail on
// which the decoder crashes takes the process down, and would do so at each restart. So every attempt is
// counted before it begins. After maxTries attempts the event goes into quarantine: it is kept and shown to
// people, and its queue continues without it.
func (r *Relay) runSuspects(ctx context.Context) error {
	a := &applier{Relay: r}
	defer a.returnSession(ctx)

	for {
		select {
		case <-r.suspects:
		case <-ctx.Done():
			return nil
		}

		found, err := a.applySuspect(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			r.warn(ctx, "applying one by one failed", err)
			wire.For(ctx, backoffOnError)
		case found:
			sendSignal(r.suspects) // there may be more, also for the other applier
		}
	}
}

// applySuspect applies one suspect, gives it up, or lets it wait for its next attempt. found is false if none
// is due.
func (a *applier) applySuspect(parent context.Context) (found bool, err error) {
	a.waitWhileHeld(parent)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(parent), storeTimeout+a.opt.DecodeFor+a.opt.ApplyFor)
	defer cancel()

	if err := a.ensureSession(ctx); err != nil {
		return false, err
	}

	began := time.Now()
	taken, err := store.TakeSuspect(ctx, a.conn, a.holder, a.opt.Version)
	if err != nil || len(taken.Runs) == 0 {
		return false, err
	}

	a.database.noteAnswer()
	b := newBatch(taken)
	r := b.runs[0]
	if r.Tries > maxTries {
		return true, a.giveUp(ctx, r, errUnfinished)
	}

	d := decoder{Relay: a.Relay}
	defer d.release()
	value, err := d.decode(ctx, r.Events[0], a.opt.DecodeFor)
	switch {
	case errors.Is(err, ErrNotOpen):
		return true, a.giveBackUntilOpen(ctx, r)
	case err != nil && isUnreadable(err):
		return true, a.giveUp(ctx, r, err)
	case err == nil:
		r.values = []any{value}
		err = a.applyAlone(ctx, b, began)
	}
	if err != nil {
		return true, a.retryAloneOrGiveUp(ctx, r, err)
	}

	a.schedule.wake(time.Now(), r.Share) // for the events that wait in its queue
	return true, nil
}

// giveBackUntilOpen lets a suspect wait until its account is opened, like the account's other events. The event
// did not fail, so the attempt doesn't count.
func (a *applier) giveBackUntilOpen(ctx context.Context, r *runInWork) error {
	w := waitWhileClosed(r.Events[0].AccountID, r.Waits)
	again := r.Release(0)
	again.Tries = r.Tries - 1
	again.Waits = r.Waits + 1
	again.After = w.Most
	again.For = w.For
	return a.giveBack(ctx, again)
}

// applyAlone applies a batch of one event. It gives the event up if the event can never be applied.
func (a *applier) applyAlone(ctx context.Context, b *batch, began time.Time) error {
	for tries := 0; ; tries++ {
		err := a.applyInTime(ctx, b, began)
		if err == nil {
			return a.giveUpRefused(ctx, b)
		}
		if refused, ok := errors.AsType[*EventError](err); ok {
			return a.giveUp(ctx, b.runs[0], refused.Err)
		}
		if early, ok := errors.AsType[*WaitError](err); ok && b.putOffEvent(early.Wait) {
			continue // the batch is empty now; applying it records how long its queue waits
		}
		if !isConflict(err) || tries >= maxConflicts {
			return err
		}
	}
}

// retryAloneOrGiveUp lets a failed suspect wait for its next attempt, or gives it up after maxTries.
func (a *applier) retryAloneOrGiveUp(ctx context.Context, r *runInWork, cause error) error {
	e := r.Events[0]
	a.log.Warn("event failed", "event_seq", e.ID, "tries", r.Tries, "error", cause)

	if !a.mayBlameEvent(cause) {
		return errors.Join(cause, a.giveBackUncounted(ctx, r, time.Second))
	}
	if r.Tries >= maxTries {
		return a.giveUp(ctx, r, cause)
	}

	again := r.Release(0)
	again.Tries = r.Tries
	again.Waits = r.Waits
	again.After = time.Second << min(r.Tries-1, maxRetryDoublings)
	return a.giveBack(ctx, again)
}

// giveBackUncounted returns an event to its queue without counting this attempt as a try.
func (a *applier) giveBackUncounted(ctx context.Context, r *runInWork, wait time.Duration) error {
	again := r.Release(0)
	again.Tries = r.Tries - 1
	again.Waits = r.Waits
	again.After = wait
	return a.giveBack(ctx, again)
}

// giveBack frees the queue of an event that is not applied now.
func (a *applier) giveBack(ctx context.Context, one store.Release) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	err := store.ReleaseRuns(ctx, a.pool, []store.Release{one})
	if err != nil {
		a.dropAnySession() // this frees the queue as well
	}
	return err
}

// giveUpRefused gives up the events of a batch that can never be applied and are the first of their run. If
// earlier events of the run were applied, the event stays in its queue and is found again.
func (a *applier) giveUpRefused(ctx context.Context, b *batch) error {
	var errs []error
	for _, r := range b.runs {
		if r.refused != nil && r.apply == 0 {
			errs = append(errs, a.giveUp(ctx, r, r.refused))
		}
	}
	return errors.Join(errs...)
}

// maxRetryDoublings limits the pause between tries of a failed event to 16 seconds.
const maxRetryDoublings = 4

// maxTellTries is how often Parley tries to notify people about an event that is given up. After that the event
// goes into quarantine silently: the other events must not wait any longer, and `parley doctor` lists it.
const maxTellTries = 3

// errUnfinished is the cause for giving up an event whose attempts all started but never ended.
var errUnfinished = errors.New("each attempt to apply it ended with the process, or was never finished")

// mustStayUnread reports whether an event that is given up must not even be decoded for the notification,
// because decoding may take too long again, or crash the process.
func mustStayUnread(cause error) bool {
	return errors.Is(cause, errUnfinished) || errors.Is(cause, errSlow) || errors.Is(cause, errTookLong)
}

// giveUp puts the first event of a run into quarantine, notifies people, and frees its queue, in one
// transaction. The transaction fails if the queue was released or another applier has taken it, so an event is given
// up only once, and never if it was applied, even if the answer to that commit was lost.
func (a *applier) giveUp(ctx context.Context, r *runInWork, cause error) error {
	e := r.Events[0]
	err := a.quarantineAndTell(ctx, r, cause)
	if store.IsLost(err) { // the event has ended, or another applier has the queue now
		a.schedule.wake(time.Now(), r.Share)
		return nil
	}
	if err != nil {
		again := r.Release(0)
		again.Tries = max(r.Tries, 1)
		return errors.Join(err, a.giveBack(ctx, again))
	}

	a.slow.drop(e.ID)
	a.metrics.Account(e.AccountID).Quarantined.Add(1)
	a.logQuarantine(e.ID, cause)
	a.schedule.wake(time.Now(), r.Share)
	return nil
}

// quarantineAndTell puts the first event of a run into quarantine and notifies people. If the notification
// keeps failing, it quarantines the event without one.
func (a *applier) quarantineAndTell(ctx context.Context, r *runInWork, cause error) error {
	e := r.Events[0]
	reason := store.Clean(cause.Error())
	tell := func(tx pgx.Tx) error { return a.safeQuarantined(ctx, tx, e, reason, mustStayUnread(cause)) }
	for tries := 1; ; tries++ {
		err := a.quarantineEvent(ctx, r, reason, tell)
		couldNotTell := err != nil && !store.IsLost(err) && a.mayBlameEvent(err)
		if !couldNotTell {
			return err
		}
		// Something other than the event may have ended the session, so try again. Don't do so after a timeout, because other
		// events are waiting.
		if tries == maxTellTries || errors.Is(err, context.DeadlineExceeded) {
			a.log.Error("quarantine not told", "event_seq", e.ID, "error", err)
			return a.quarantineEvent(ctx, r, reason, func(pgx.Tx) error { return nil })
		}
	}
}

// quarantineEvent moves the first event of a run from its queue into quarantine. It calls tell in the same
// transaction.
func (r *Relay) quarantineEvent(ctx context.Context, w *runInWork, reason string, tell func(pgx.Tx) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	return store.InTxWith(ctx, r.pool, func(tx pgx.Tx) (*store.Pipeline, error) {
		if err := tell(tx); err != nil {
			return nil, err
		}
		var p store.Pipeline
		p.FinishRuns([]store.Release{w.Release(1)})
		p.Quarantine(w.Events[0].ID, reason)
		return &p, nil
	})
}

// safeQuarantined calls Handler.Quarantined and turns a panic into an error.
func (r *Relay) safeQuarantined(ctx context.Context, tx pgx.Tx, e store.Event, reason string, isUnread bool) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("relay: telling of a quarantine panicked: %v", p)
		}
	}()
	return r.handler.Quarantined(ctx, tx, e, reason, isUnread)
}

// logQuarantine logs an event that is in quarantine and not tried again.
func (r *Relay) logQuarantine(id store.EventID, cause error) {
	r.log.Error("event quarantined", "event_seq", id, "error", cause)
}
