package relay

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"parley/store"
)

const (
	maxApply       = 256 // events of one transaction
	maxTries       = 5
	maxApplyBytes  = 16 << 20 // payloads of one transaction; at least one event
	largeBytes     = 4 << 20  // more than this takes turns
	largeTogether  = 48 << 20 // what all transactions may have in hand then
	applyTimeout   = 60 * time.Second
	yieldFor       = 250 * time.Millisecond
	yieldShare     = 3 // an applier works so many times as long as it gave way
	yieldStep      = 5 * time.Millisecond
	placeWait      = time.Second // for a batch that is in work
	backoffOnError = 500 * time.Millisecond
	notYetWait     = 500 * time.Millisecond
)

// runApply applies the events of one shard until ctx ends.
func (r *Relay) runApply(ctx context.Context, shard int16) error {
	single := 0 // events still to be applied one by one, after a failure
	var until time.Time
	for {
		until = r.giveWay(ctx, until)
		limit := maxApply
		if single > 0 {
			limit, single = 1, single-1
		}
		done := r.takePlace(ctx)
		n, err := r.applyOnce(ctx, shard, limit)
		done()
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil && limit > 1:
			single = maxApply // the failing event is found alone; the others go on
		case err != nil:
			r.warn(ctx, "apply failed", err)
			pause(ctx, backoffOnError)
		case n == 0:
			single = 0
			select {
			case <-r.shards[shard]:
			case <-ctx.Done():
				return nil
			}
		}
	}
}

// takePlace waits for the batches in work, but not for long: one that waits for a lock of
// a process that was stopped must not keep other shards waiting.
func (r *Relay) takePlace(ctx context.Context) (done func()) {
	timer := time.NewTimer(placeWait)
	defer timer.Stop()
	select {
	case r.applying <- struct{}{}:
		return func() { <-r.applying }
	case <-timer.C:
	case <-ctx.Done():
	}
	return func() {}
}

// giveWay lets the accepting side go first while callers pile up; not before a time, and
// it gives the next such time: or under a steady load what was accepted would be applied
// too late.
func (r *Relay) giveWay(ctx context.Context, notBefore time.Time) time.Time {
	for r.opt.Held != nil && r.opt.Held() {
		if !pause(ctx, yieldStep) {
			return notBefore
		}
	}
	began := time.Now()
	if began.Before(notBefore) {
		return notBefore
	}
	for time.Since(began) < yieldFor && r.queue.busy() {
		if !pause(ctx, yieldStep) {
			break
		}
	}
	return time.Now().Add(yieldShare * time.Since(began))
}

// applyOnce applies the oldest events of a shard in one transaction and says how
// many it dealt with. A batch of one that fails is counted against its event.
func (r *Relay) applyOnce(parent context.Context, shard int16, limit int) (int, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(parent), applyTimeout)
	defer cancel()
	began := time.Now()
	var taken store.Pending
	var made Made
	err := store.InTx(ctx, r.hot, func(tx pgx.Tx) error {
		var err error
		if taken, err = store.TakePending(ctx, tx, shard, limit, maxApplyBytes); err != nil || len(taken.Events) == 0 {
			return err
		}
		release, err := r.takeTurns(ctx, taken.Events)
		if err != nil {
			return err
		}
		defer release()
		made, err = r.safeApply(ctx, tx, taken)
		return err
	})
	events := taken.Events
	var bad *EventError
	var early *NotYetError
	switch {
	case err == nil:
		if len(events) > 0 {
			r.metrics.applied(events, began)
			r.wakeFor(made)
			if made.Committed != nil {
				made.Committed()
			}
		}
		return len(events), nil
	case errors.As(err, &bad):
		return 1, r.quarantine(ctx, events, bad.EventID, bad.Err)
	case errors.As(err, &early):
		return 1, r.postpone(ctx, events, early.EventID)
	case len(events) != 1 || transient(err):
		return 0, err
	case errors.Is(err, ErrNotYet):
		return 1, store.BlockKey(ctx, r.pool, events[0].ID, events[0].OrderKey, notYetWait, false)
	default:
		return 1, r.countFailure(ctx, events[0], err)
	}
}

// takeTurns waits until large payloads, which are decoded in memory, have room.
func (r *Relay) takeTurns(ctx context.Context, events []store.Event) (release func(), err error) {
	var size int64
	for _, e := range events {
		size += e.SizeBytes
	}
	if size <= largeBytes {
		return func() {}, nil
	}
	size = min(size, largeTogether)
	if err := r.large.Acquire(ctx, size); err != nil {
		return nil, fmt.Errorf("relay: apply: %w", err)
	}
	return func() { r.large.Release(size) }, nil
}

// postpone lets the key of an event wait a moment.
func (r *Relay) postpone(ctx context.Context, events []store.Event, id int64) error {
	at := slices.IndexFunc(events, func(e store.Event) bool { return e.ID == id })
	if at < 0 {
		return fmt.Errorf("relay: event %d is not of this batch: %w", id, ErrNotYet)
	}
	return store.BlockKey(ctx, r.pool, id, events[at].OrderKey, notYetWait, false)
}

// safeApply turns a panic of a handler into an error of the batch.
func (r *Relay) safeApply(ctx context.Context, tx pgx.Tx, taken store.Pending) (made Made, err error) {
	defer func() {
		if p := recover(); p != nil {
			r.log.Error("apply panicked", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = fmt.Errorf("relay: apply panicked: %v", p)
		}
	}()
	return r.handler.Apply(ctx, tx, taken)
}

// countFailure lets the event's key wait, or gives the event up.
func (r *Relay) countFailure(ctx context.Context, e store.Event, cause error) error {
	r.log.Warn("event failed", "event_seq", e.ID, "tries", e.Tries+1, "error", cause)
	if e.Tries+1 >= maxTries {
		return r.quarantine(ctx, []store.Event{e}, e.ID, cause)
	}
	return store.BlockKey(ctx, r.pool, e.ID, e.OrderKey, time.Second<<e.Tries, true)
}

func (r *Relay) quarantine(ctx context.Context, events []store.Event, id int64, cause error) error {
	r.metrics.gaveUp(events, id)
	r.gaveUp(id, cause)
	reason := store.Clean(cause.Error())
	err := store.InTx(ctx, r.pool, func(tx pgx.Tx) error {
		if err := store.Quarantine(ctx, tx, id, reason); err != nil {
			return err
		}
		for _, e := range events {
			if e.ID == id {
				return r.handler.Quarantined(ctx, tx, e, reason)
			}
		}
		return nil
	})
	if err != nil && !transient(err) && !errors.Is(err, ErrNotYet) {
		r.log.Error("quarantine not told", "event_seq", id, "error", err)
		err = store.Quarantine(ctx, r.pool, id, reason) // the others must not wait for it; doctor shows it
	}
	r.WakeShards()
	return err
}

// gaveUp logs an event that is not tried again.
func (r *Relay) gaveUp(id int64, cause error) {
	r.log.Error("event quarantined", "event_seq", id, "error", cause)
}

// transient says that the database, not the event, is the cause.
func transient(err error) bool {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		var connect *pgconn.ConnectError
		return errors.As(err, &connect) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) ||
			pgconn.SafeToRetry(err) || pgconn.Timeout(err)
	}
	switch pg.Code[:2] {
	case "08", "40", "53", "57", "58":
		return true
	}
	return false
}
