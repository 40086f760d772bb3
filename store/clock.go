package store

import (
	"context"
	"fmt"
	"time"
)

const clockNow = `SELECT parley_now()`

// Now reads Parley's clock: the database's clock plus an offset that only tests and the demo set.
func Now(ctx context.Context, q Querier) (time.Time, error) {
	var now time.Time
	if err := q.QueryRow(ctx, clockNow).Scan(&now); err != nil {
		return time.Time{}, fmt.Errorf("store: clock: %w", err)
	}
	return now, nil
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

// Ahead returns how far Parley's clock is ahead of the database's; 0 in production.
func Ahead(ctx context.Context, q Querier) (time.Duration, error) {
	var seconds float64
	if err := q.QueryRow(ctx, clockAhead).Scan(&seconds); err != nil {
		return 0, fmt.Errorf("store: clock: %w", err)
	}
	return time.Duration(seconds * float64(time.Second)), nil
}

const moveClock = `UPDATE clock SET ahead = ahead + make_interval(secs => $1)`

// MoveClock moves Parley's clock. For demo, torture and tests alone.
func MoveClock(ctx context.Context, q Querier, by time.Duration) error {
	if _, err := q.Exec(ctx, moveClock, by.Seconds()); err != nil {
		return fmt.Errorf("store: move clock: %w", err)
	}
	return nil
}

// Seconds converts seconds, as the database counts them, to a duration.
func Seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
