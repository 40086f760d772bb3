package demo

import (
	"context"
	"sync/atomic"
	"time"

	"parley/store"
)

// Clock is the time in a demo's company: the machine's, plus what somebody jumped ahead.
// The zero value is the machine's time. It follows Parley's own clock, which is in the
// database, so that mails and messages carry the same time as what Parley does.
type Clock struct{ ahead atomic.Int64 }

// Now returns the company's time.
func (c *Clock) Now() time.Time { return time.Now().Add(c.Ahead()) }

// Ahead reports how far the company's time is ahead of the machine's.
func (c *Clock) Ahead() time.Duration { return time.Duration(c.ahead.Load()) }

// Move lets the company's time and Parley's jump ahead. Errors: the database's; then nothing moved.
func (c *Clock) Move(ctx context.Context, q store.Querier, by time.Duration) error {
	if err := store.MoveClock(ctx, q, by); err != nil {
		return err
	}
	c.ahead.Add(int64(by))
	return nil
}

// Reset makes it the machine's time again; the new round's database begins without an offset, too.
func (c *Clock) Reset() { c.ahead.Store(0) }

// UntilMorning is how long it takes until the next day's 9:00 in the zone of now.
func UntilMorning(now time.Time) time.Duration {
	const morning = 9
	return time.Date(now.Year(), now.Month(), now.Day()+1, morning, 0, 0, 0, now.Location()).Sub(now)
}
