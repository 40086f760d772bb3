package relay

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"parley/store"
)

const (
	maxTries       = 5
	maxApplyBytes  = 32 << 20 // payloads of one transaction
	applyTimeout   = 60 * time.Second
	yieldFor       = time.Second
	yieldStep      = 5 * time.Millisecond
	backoffOnError = 500 * time.Millisecond
	notYetWait     = 500 * time.Millisecond
)

// runApply applies the events of one shard until ctx ends.
func (r *Relay) runApply(ctx context.Context, shard int16) error {
	single := 0 // events still to be applied one by one, after a failure
	for {
		r.giveWay(ctx)
		limit := maxBatch
		if single > 0 {
			limit, single = 1, single-1
		}
		n, err := r.applyOnce(ctx, shard, limit)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil && limit > 1:
			single = maxBatch // the failing event is found alone; the others go on
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

// giveWay lets the accepting side go first while callers pile up.
func (r *Relay) giveWay(ctx context.Context) {
	for waited := time.Duration(0); waited < yieldFor && r.queue.busy(); waited += yieldStep {
		if !pause(ctx, yieldStep) {
			return
		}
	}
}

// applyOnce applies the oldest events of a shard in one transaction and says how
// many it dealt with. A batch of one that fails is counted against its event.
func (r *Relay) applyOnce(parent context.Context, shard int16, limit int) (int, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(parent), applyTimeout)
	defer cancel()
	var events []store.Event
	err := store.InTx(ctx, r.pool, func(tx pgx.Tx) error {
		var err error
		if events, err = store.TakePending(ctx, tx, shard, limit, maxApplyBytes); err != nil || len(events) == 0 {
			return err
		}
		if err := r.safeApply(ctx, tx, events); err != nil {
			return err
		}
		done := make([]int64, len(events))
		for i, e := range events {
			done[i] = e.ID
		}
		return store.DonePending(ctx, tx, done)
	})
	var bad *EventError
	switch {
	case err == nil:
		if len(events) > 0 {
			r.metrics.Applied.Add(int64(len(events)))
			r.Wake()
		}
		return len(events), nil
	case errors.As(err, &bad):
		return 1, r.quarantine(ctx, events, bad.EventID, bad.Err)
	case len(events) != 1 || transient(err):
		return 0, err
	case errors.Is(err, ErrNotYet):
		return 1, store.BlockKey(ctx, r.pool, events[0].ID, events[0].OrderKey, notYetWait, false)
	default:
		return 1, r.countFailure(ctx, events[0], err)
	}
}

// safeApply turns a panic of a handler into an error of the batch.
func (r *Relay) safeApply(ctx context.Context, tx pgx.Tx, events []store.Event) (err error) {
	defer func() {
		if p := recover(); p != nil {
			r.log.Error("apply panicked", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = fmt.Errorf("relay: apply panicked: %v", p)
		}
	}()
	return r.handler.Apply(ctx, tx, events)
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

// gaveUp counts and logs an event that is not tried again.
func (r *Relay) gaveUp(id int64, cause error) {
	r.metrics.Quarantined.Add(1)
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
