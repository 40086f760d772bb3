// Package clockback repairs stored times after the database's clock was ahead and has been set back. For example, the clock
// was two hours ahead when a retry was scheduled for "in one minute". After the clock is corrected, that retry is two
// hours in the future. Queues, rate limits and leases would all wait for as long as the clock was ahead.
//
// Each process calls Mend when it starts and about once a minute.
//
// What does not belong here: times that people chose, such as the end of a snooze. They stay as chosen.
package clockback

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
)

// minBack is the smallest step back of the clock that is repaired; smaller ones do no harm. The time that passes between two
// calls of Mend only makes the measured step smaller, so that there are no false alarms.
const minBack = time.Minute

// clockBack returns the last time that the clock showed, and how many seconds in the future that is now.
const clockBack = `SELECT at, extract(epoch FROM at - clock_timestamp())::double precision FROM clock_seen WHERE id = 1`

// noteSeen stores the clock's current time, unless another process has done so since clockBack was read.
const noteSeen = `UPDATE clock_seen SET at = clock_timestamp() WHERE id = 1 AND at = $1`

// Mend repairs stored times if the clock was set back since the last call in any process. back is the size of the step, or 0 if
// there was none. After an error, Mend can be called again: no time is moved back further than to now.
func Mend(ctx context.Context, pool *pgxpool.Pool) (back time.Duration, err error) {
	if _, err := pool.Exec(ctx, mendQueues); err != nil {
		return 0, fmt.Errorf("store: mend due times: %w", err)
	}

	var at time.Time
	var seconds float64
	if err := pool.QueryRow(ctx, clockBack).Scan(&at, &seconds); err != nil {
		return 0, fmt.Errorf("store: clock seen: %w", err)
	}

	if back = store.Seconds(seconds); back < minBack {
		back = 0
	}
	if back > 0 {
		if err := bringBack(ctx, pool, seconds); err != nil {
			return back, err
		}
	}

	if _, err := pool.Exec(ctx, noteSeen, at); err != nil {
		return back, fmt.Errorf("store: clock seen: %w", err)
	}

	return back, nil
}

// lockDue locks all lanes that have waiting deliveries, in the order in which all transactions lock lanes. A lane is the queue
// of one conversation's deliveries (outgoing messages) to one destination.
const lockDue = `SELECT count(*) FROM (SELECT FROM lanes WHERE due_at IS NOT NULL ORDER BY id FOR NO KEY UPDATE) AS due`

// bringBack updates each table in its own transaction, so that the locks of several tables are never held together.
//
// Deliveries are updated before lanes, and all lanes are locked before any of them is updated. This waits for concurrent
// transactions that finish a delivery. Without it, such a transaction could set a lane's due time from the start time of
// the next delivery as it was before the repair.
func bringBack(ctx context.Context, pool *pgxpool.Pool, seconds float64) error {
	back := pgx.NamedArgs{"back": seconds}
	if _, err := pool.Exec(ctx, mendDeliveries, back); err != nil {
		return fmt.Errorf("store: bring deliveries back: %w", err)
	}
	if err := store.InTx(ctx, pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, lockDue); err != nil {
			return err
		}
		return bringColumnsBack(ctx, tx, laneColumns(), back)
	}); err != nil {
		return fmt.Errorf("store: bring lanes back: %w", err)
	}
	return bringColumnsBack(ctx, pool, otherColumns(), back)
}

func bringColumnsBack(ctx context.Context, q store.Execer, columns []timeColumn, back pgx.NamedArgs) error {
	for _, c := range columns {
		if _, err := q.Exec(ctx, c.buildUpdate(), back); err != nil {
			return fmt.Errorf("store: bring %s.%s back: %w", c.table, c.column, err)
		}
	}
	return nil
}
