package store

import (
	"context"
	"fmt"
	"time"

	"parley/store/internal/query"
)

const clockNow = `SELECT parley_now()`

// Now reads Parley's clock: the database's clock plus an offset that only tests and the demo set.
func Now(ctx context.Context, q Querier) (time.Time, error) {
	return query.Value[time.Time](ctx, q, "clock", clockNow)
}

const bothClocks = `SELECT parley_now(), clock_timestamp()`

// Clocks reads Parley's clock and the database's.
func Clocks(ctx context.Context, q Querier) (now, real time.Time, err error) {
	if err := q.QueryRow(ctx, bothClocks).Scan(&now, &real); err != nil {
		return now, real, fmt.Errorf("store: clock: %w", err)
	}
	return now, real, nil
}

const clockAhead = `SELECT extract(epoch FROM ahead)::double precision FROM clock`

// Ahead returns how far Parley's clock is ahead of the database's. In production it is zero.
func Ahead(ctx context.Context, q Querier) (time.Duration, error) {
	var seconds float64
	if err := q.QueryRow(ctx, clockAhead).Scan(&seconds); err != nil {
		return 0, fmt.Errorf("store: clock: %w", err)
	}
	return Seconds(seconds), nil
}

const moveClock = `UPDATE clock SET ahead = ahead + make_interval(secs => $1)`

// MoveClock moves Parley's clock. Only the demo, the torture and tests do so.
func MoveClock(ctx context.Context, q Querier, by time.Duration) error {
	return query.Exec(ctx, q, "move clock", moveClock, by.Seconds())
}

// Seconds converts seconds, as the database counts them, to a duration.
func Seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
