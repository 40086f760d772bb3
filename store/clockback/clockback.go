// Package clockback mends what a database clock that was ahead has left in the future: when the clock is put right again,
// nothing waits for as long as it was ahead. A lane is due, a gate open and a lease over when they would have been.
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
	"parley/store/internal/query"
)

// leastBack is the least by which the clock must have gone back. What takes longer than that between two times that the
// clock was seen is no reason: it only makes the distance shorter.
const leastBack = time.Minute

const clockBack = `SELECT at, extract(epoch FROM at - clock_timestamp())::double precision FROM clock_seen WHERE id = 1`

// seen notes what the clock shows, unless another process did meanwhile.
const seen = `UPDATE clock_seen SET at = clock_timestamp() WHERE id = 1 AND at = $1`

// Mend brings back what a clock that was ahead has left in the future. It is to be called when a process starts and about
// once a minute. It returns the accounts that have events which are due now (accounts), and by how much the clock has gone
// back since it was seen last (back); 0 = it has not. Who calls it again because it failed does no harm.
func Mend(ctx context.Context, pool *pgxpool.Pool) (accounts []store.AccountID, back time.Duration, err error) {
	if accounts, err = query.IDs[store.AccountID](ctx, pool, "mend due times", mendQueues); err != nil {
		return nil, 0, err
	}
	var at time.Time
	var seconds float64
	if err := pool.QueryRow(ctx, clockBack).Scan(&at, &seconds); err != nil {
		return accounts, 0, fmt.Errorf("store: clock seen: %w", err)
	}
	if back = store.Seconds(seconds); back < leastBack {
		back = 0
	} else if err := bringBack(ctx, pool, seconds); err != nil {
		return accounts, back, err
	}
	if _, err := pool.Exec(ctx, seen, at); err != nil {
		return accounts, back, fmt.Errorf("store: clock seen: %w", err)
	}
	return accounts, back, nil
}

// lockDue locks all lanes in which something waits, in the order in which everybody locks lanes.
const lockDue = `SELECT count(*) FROM (SELECT FROM lanes WHERE due_at IS NOT NULL ORDER BY id FOR NO KEY UPDATE) AS due`

// bringBack changes each table in a transaction of its own, so that none waits for the locks of another. Deliveries come before
// their lanes, and no lane is changed before who finishes a delivery of it has ended: else he would make it due when a hold
// ends that was not brought back yet.
func bringBack(ctx context.Context, pool *pgxpool.Pool, seconds float64) error {
	back := pgx.NamedArgs{"back": seconds}
	if _, err := pool.Exec(ctx, mendDeliveries, back); err != nil {
		return fmt.Errorf("store: bring deliveries back: %w", err)
	}
	if err := store.InTx(ctx, pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, lockDue); err != nil {
			return err
		}
		return each(ctx, tx, lanePlaces(), back)
	}); err != nil {
		return fmt.Errorf("store: bring lanes back: %w", err)
	}
	return each(ctx, pool, places(), back)
}

func each(ctx context.Context, q store.Execer, places []place, back pgx.NamedArgs) error {
	for _, p := range places {
		if _, err := q.Exec(ctx, p.sql(), back); err != nil {
			return fmt.Errorf("store: bring %s.%s back: %w", p.table, p.column, err)
		}
	}
	return nil
}
