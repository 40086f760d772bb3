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
func Mend(ctx context.Context, q store.Querier) (accounts []store.AccountID, back time.Duration, err error) {
	if accounts, err = query.IDs[store.AccountID](ctx, q, "mend due times", mendQueues); err != nil {
		return nil, 0, err
	}
	var at time.Time
	var seconds float64
	if err := q.QueryRow(ctx, clockBack).Scan(&at, &seconds); err != nil {
		return accounts, 0, fmt.Errorf("store: clock seen: %w", err)
	}
	if back = store.Seconds(seconds); back < leastBack {
		back = 0
	} else if err := bringBack(ctx, q, seconds); err != nil {
		return accounts, back, err
	}
	if _, err := q.Exec(ctx, seen, at); err != nil {
		return accounts, back, fmt.Errorf("store: clock seen: %w", err)
	}
	return accounts, back, nil
}

// bringBack changes each place in a transaction of its own, so that none waits for the locks of another.
func bringBack(ctx context.Context, q store.Querier, seconds float64) error {
	for _, p := range places() {
		if _, err := q.Exec(ctx, p.sql(), pgx.NamedArgs{"back": seconds}); err != nil {
			return fmt.Errorf("store: bring %s.%s back: %w", p.table, p.column, err)
		}
	}
	if _, err := q.Exec(ctx, mendDeliveries, pgx.NamedArgs{"back": seconds}); err != nil {
		return fmt.Errorf("store: bring deliveries back: %w", err)
	}
	return nil
}
