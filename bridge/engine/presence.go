package engine

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"parley/store"
)

const (
	beatInterval     = 250 * time.Millisecond // between two heartbeats within this process
	presenceInterval = time.Second            // between two renewals of the process's lease in the database
	presenceLasts    = 4 * time.Second        // how long a lease is valid; a process whose lease expires has vanished
)

// This file detects that a process was suspended or has died. Several processes share the work. An event that a chat sent to such
// a process may be lost: an agent edits a reply, for example, and nobody notices. So the surfaces (the clients of the agents' chats)
// are asked to read the chat again, and no reply leaves before they have. A process finds its own suspension by a missing heartbeat,
// and the death of another one by an expired lease.

// presence is the state that this process keeps for it.
type presence struct {
	lastBeat    atomic.Pointer[time.Time] // the latest heartbeat; nil while runPresence doesn't run
	processName string                    // the name of this process's lease
	gapOpened   chan struct{}             // has capacity 1; signals that a surface may have missed events (see gap)
}

// CatcherUp is implemented by surfaces that can look for events they may have missed since a time. CatchUp must call Gap of the
// surface's Desk before it returns.
type CatcherUp interface {
	CatchUp(since time.Time)
}

// runPresence makes the surfaces catch up when this process was suspended, or when another process has vanished. It runs until ctx
// ends.
func (e *Engine) runPresence(ctx context.Context) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		e.watchOthers(ctx)
	}()

	tick := time.NewTicker(beatInterval)
	defer tick.Stop()

	for {
		last := e.lastBeat.Load()
		if last != nil && time.Since(*last) > e.opt.StalledAfter {
			e.log.Warn("this process was stopped for a while", "seconds", time.Since(*last).Seconds())
			e.catchUp(*last)
		}

		now := time.Now() //nolint:forbidigo // the monotonic clock
		e.lastBeat.Store(&now)

		select {
		case <-ctx.Done():
			e.lastBeat.Store(nil)
			<-done
			return nil
		case <-tick.C:
		}
	}
}

// isStalled reports whether this process was suspended, and has not yet asked the surfaces to catch up.
func (e *Engine) isStalled() bool {
	last := e.lastBeat.Load()
	return last != nil && time.Since(*last) > e.opt.StalledAfter
}

// watchOthers renews this process's lease, and looks for processes whose leases have expired. It also announces gaps (times in which a
// surface may have missed events) to the other processes: the first one at once, further ones every presenceInterval.
func (e *Engine) watchOthers(ctx context.Context) {
	name := e.processName
	var known []store.Vanished // vanished processes for which the surfaces have been asked to catch up
	tick := time.NewTicker(presenceInterval)
	defer tick.Stop()

	gapOpened := e.gapOpened
	for {
		noteGaps(ctx, e)
		gone, err := e.keepPresence(ctx, name)
		if err != nil && ctx.Err() == nil {
			e.log.Warn("presence not kept", "error", err)
		}
		isNew := func(v store.Vanished) bool { return !slices.Contains(known, v) }
		if i := slices.IndexFunc(gone, isNew); i >= 0 {
			e.log.Warn("another process vanished", "until", gone[i].Until)
			e.catchUp(time.Now().Add(-2 * presenceLasts)) //nolint:forbidigo // compared with the surfaces' times, hence the margin
		}
		if err == nil {
			known = gone
		}

		select {
		case <-ctx.Done():
			end, cancel := context.WithTimeout(context.WithoutCancel(ctx), presenceLasts)
			defer cancel()
			_ = store.DropLease(end, e.pool, name, name) // if it fails, the lease expires, and others catch up needlessly
			return
		case <-gapOpened:
			gapOpened = nil // announce further gaps at the next tick
		case <-tick.C:
			gapOpened = e.gapOpened
		}
	}
}

// keepPresence renews this process's lease, and returns the processes that have vanished. It is not cancelled with ctx: otherwise
// PostgreSQL might renew the lease after watchOthers has dropped it.
func (e *Engine) keepPresence(ctx context.Context, name string) ([]store.Vanished, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), presenceLasts)
	defer cancel()
	return store.KeepPresence(ctx, e.pool, name, presenceLasts.Seconds())
}

// catchUp asks all surfaces to look for events that they may have missed since a time.
func (e *Engine) catchUp(since time.Time) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	for _, d := range e.surfaces {
		if s, ok := d.surface.(CatcherUp); ok {
			s.CatchUp(since)
		}
	}
}
