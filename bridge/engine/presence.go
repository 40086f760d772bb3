package engine

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"parley/store"
)

const (
	beatInterval     = 250 * time.Millisecond
	presenceInterval = time.Second
	presenceLasts    = 4 * time.Second // a process that doesn't renew its name in the database for so long has vanished
)

// Several processes share the work. One may stop without a word: its machine was paused, or it died. What a chat told it then may be
// lost, such as the edit of a reply. This file notices that, and has the surfaces (chats) look for what may have been missed.

// presence is what this process knows of itself, and lets others know.
type presence struct {
	lastBeat    atomic.Pointer[time.Time] // when runPresence last noted that this process runs; nil while it doesn't work
	processName string                    // under which it keeps its presence in the database
	gapOpened   chan struct{}             // holds one signal: a surface has a gap that the other processes don't know yet
}

// CatcherUp is a Surface that can look for what it may have missed since a time. It calls Gap of its Desk before it returns.
type CatcherUp interface {
	CatchUp(since time.Time)
}

// runPresence notices when this process was stopped for a while, or when another process vanished, until ctx ends. Then it has the
// surfaces look for missed events, and no reply leaves before they have.
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

// isStalled reports whether this process was stopped for a while, and has not asked the surfaces yet to catch up.
func (e *Engine) isStalled() bool {
	last := e.lastBeat.Load()
	return last != nil && time.Since(*last) > e.opt.StalledAfter
}

// watchOthers renews this process' name in the database, and looks for processes that have stopped renewing theirs. It also tells the
// other processes of gaps, times in which a surface may have missed events: of the first at once, of further ones each second.
func (e *Engine) watchOthers(ctx context.Context) {
	name := e.processName
	var known []store.Vanished // those for which the surfaces were told to catch up
	tick := time.NewTicker(presenceInterval)
	defer tick.Stop()

	gapOpened := e.gapOpened
	for {
		noteGaps(ctx, e)
		gone, err := e.keepPresence(ctx, name)
		if err != nil && ctx.Err() == nil {
			e.log.Warn("presence not kept", "error", err)
		}
		if i := slices.IndexFunc(gone, func(v store.Vanished) bool { return !slices.Contains(known, v) }); i >= 0 {
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
			_ = store.DropLease(end, e.pool, name, name) // otherwise the name expires, and others catch up for nothing
			return
		case <-gapOpened:
			gapOpened = nil // further gaps wait for the tick
		case <-tick.C:
			gapOpened = e.gapOpened
		}
	}
}

// keepPresence renews this process' name, and returns the processes that have vanished. It also tells the relay whether all
// processes are new enough to know runs: several deliveries that leave as one message. The end of ctx doesn't cut it off, since
// PostgreSQL might then renew the name after watchOthers has dropped it.
func (e *Engine) keepPresence(ctx context.Context, name string) ([]store.Vanished, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), presenceLasts)
	defer cancel()
	all, err := store.AllKnow(ctx, e.pool, store.KnowsRuns)
	e.relay.AllowRuns(err == nil && all)
	if err != nil {
		return nil, err
	}
	return store.KeepPresence(ctx, e.pool, name, presenceLasts.Seconds())
}

// catchUp lets all surfaces look for what they may have missed since a time.
func (e *Engine) catchUp(since time.Time) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	for _, d := range e.surfaces {
		if s, ok := d.surface.(CatcherUp); ok {
			s.CatchUp(since)
		}
	}
}
