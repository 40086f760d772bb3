package relay

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/store"
)

// runTimers fires due timers until ctx ends. A timer is a row that says what is to happen when, such as "end
// the snooze of conversation 7 at 9:00". Firing it writes a fact to the journal, which is then applied like any
// other event. A timer fires once, within a second of its due time.
func (r *Relay) runTimers(ctx context.Context) error {
	for {
		wait, err := r.fireTimers(ctx)
		if err != nil {
			r.warn(ctx, "timers failed", err)
			wait = backoffOnError
		}

		timer := time.NewTimer(max(wait, time.Millisecond))
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		case <-r.timers:
			timer.Stop()
		}
	}
}

// maxTimers limits the timers that one transaction fires.
const maxTimers = 200

// fireTimers writes a fact for each due timer and returns how long to wait for the next timer. The same
// transaction removes the timers, so that each fires only once.
func (r *Relay) fireTimers(parent context.Context) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(parent, storeTimeout)
	defer cancel()
	fired := 0
	err := store.InTxWith(ctx, r.pool, func(tx pgx.Tx) (*store.Pipeline, error) {
		due, err := store.TakeDueTimers(ctx, tx, maxTimers)
		if err != nil || len(due) == 0 {
			return nil, err
		}

		facts := make([]store.NewEvent, len(due))
		for i, t := range due {
			facts[i] = r.handler.Timer(t)
		}

		fired = len(due)
		var p store.Pipeline
		p.InsertEvents(facts)
		return &p, nil
	})
	if err != nil {
		return 0, err
	}
	if fired > 0 {
		r.WakeAppliers(store.SystemAccount)
		return 0, nil
	}

	wait, found, err := store.NextTimer(ctx, r.pool)
	if err != nil || !found {
		return time.Second, err
	}

	return min(wait, time.Second), nil
}
