// Package clockback mends what a database clock that was ahead has left in the future. Once the clock is put right, lanes,
// gates and leases would otherwise wait for as long as it was ahead. Each process calls Mend when it starts and about once
// a minute.
//
// What does not belong here: times that people chose, such as the end of a snooze. They mean the day and the hour that
// they say, whatever the clock showed.
package clockback

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
)

// leastBack is the least by which the clock must have gone back. Small corrections of a clock do no harm. The time that
// passes between two calls of Mend only makes the measured distance smaller, so it can't exceed leastBack by itself.
const leastBack = time.Minute

const clockBack = `SELECT at, extract(epoch FROM at - clock_timestamp())::double precision FROM clock_seen WHERE id = 1`

// noteSeen notes what the clock shows now, unless another process has done so since clockBack was read.
const noteSeen = `UPDATE clock_seen SET at = clock_timestamp() WHERE id = 1 AND at = $1`

// Mend brings back what a clock that was ahead has left in the future. back is by how much the clock has gone back since the
// last call; it is 0 if it hasn't. After an error Mend may be called again: it brings nothing back further than to now.
func Mend(ctx context.Context, pool *pgxpool.Pool) (back time.Duration, err error) {
	if _, err := pool.Exec(ctx, mendQueues); err != nil {
		return 0, fmt.Errorf("store: mend due times: %w", err)
	}

	var at time.Time
	var seconds float64
	if err := pool.QueryRow(ctx, clockBack).Scan(&at, &seconds); err != nil {
		return 0, fmt.Errorf("store: clock seen: %w", err)
	}

	if back = store.Seconds(seconds); back < leastBack {
		back = 0
	} else if err := bringBack(ctx, pool, seconds); err != nil {
		return back, err
	}

	if _, err := pool.Exec(ctx, noteSeen, at); err != nil {
		return back, fmt.Errorf("store: clock seen: %w", err)
	}

	return back, nil
}

// lockDue locks all lanes in which something waits, in the order in which everybody locks lanes.
const lockDue = `SELECT count(*) FROM (SELECT FROM lanes WHERE due_at IS NOT NULL ORDER BY id FOR NO KEY UPDATE) AS due`

// bringBack changes each table in a transaction of its own, so that none waits for the locks of another. Deliveries come
// before their lanes, and the lanes are locked first. So a process that finishes a delivery at the same time has ended
// before its lane is brought back: otherwise it could make the lane due at the end of a hold that was not brought back yet.
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

// bringColumnsBack runs the statement of each column.
func bringColumnsBack(ctx context.Context, q store.Execer, places []timeColumn, back pgx.NamedArgs) error {
	for _, p := range places {
		if _, err := q.Exec(ctx, p.buildUpdate(), back); err != nil {
			return fmt.Errorf("store: bring %s.%s back: %w", p.table, p.column, err)
		}
	}
	return nil
}
