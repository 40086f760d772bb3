package store

import (
	"context"
	"fmt"
	"time"

	"parley/store/internal/query"
)

const clockNow = `SELECT parley_now()`

// Now reads Parley's clock. It is the database's clock plus an offset, which only the demo, the torture and tests set.
func Now(ctx context.Context, q Querier) (time.Time, error) {
	return query.Value[time.Time](ctx, q, "clock", clockNow)
}

const bothClocks = `SELECT parley_now(), clock_timestamp()`

// Clocks reads Parley's clock and the database's, at one moment.
func Clocks(ctx context.Context, q Querier) (parleyNow, databaseNow time.Time, err error) {
	if err := q.QueryRow(ctx, bothClocks).Scan(&parleyNow, &databaseNow); err != nil {
		return parleyNow, databaseNow, fmt.Errorf("store: both clocks: %w", err)
	}
	return parleyNow, databaseNow, nil
}

const readClockAhead = `SELECT extract(epoch FROM ahead)::double precision FROM clock`

// ClockAhead returns by how much Parley's clock is ahead of the database's. In production it is 0.
func ClockAhead(ctx context.Context, q Querier) (time.Duration, error) {
	seconds, err := query.Value[float64](ctx, q, "clock ahead", readClockAhead)
	return Seconds(seconds), err
}

const (
	noteClock    = `UPDATE clock_seen SET at = now.at FROM (SELECT clock_timestamp() AS at) AS now WHERE clock_seen.at < now.at`
	clockSetBack = `SELECT greatest(0, extract(epoch FROM at - (SELECT clock_timestamp())))::double precision FROM clock_seen`
)

// NoteClock notes the latest time that the database's clock has shown.
func NoteClock(ctx context.Context, q Querier) error {
	return query.Exec(ctx, q, "note the clock", noteClock)
}

// ClockSetBack returns how long it takes until the database's clock shows the time again from which it was set back. Until
// then, what was put off while it was ahead may wait.
func ClockSetBack(ctx context.Context, q Querier) (time.Duration, error) {
	seconds, err := query.Value[float64](ctx, q, "clock set back", clockSetBack)
	return Seconds(seconds), err
}

const moveClock = `UPDATE clock SET ahead = ahead + make_interval(secs => $1)`

// MoveClock moves Parley's clock by a duration, which may be negative. Only the demo, the torture and tests do so.
func MoveClock(ctx context.Context, q Querier, by time.Duration) error {
	return query.Exec(ctx, q, "move clock", moveClock, by.Seconds())
}

// Seconds converts a number of seconds, as PostgreSQL returns it, to a duration.
func Seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
