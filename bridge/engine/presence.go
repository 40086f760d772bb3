package engine

import (
	"context"
	"crypto/rand"
	"slices"
	"time"

	"parley/store"
)

const (
	beatInterval     = 250 * time.Millisecond
	stalledAfter     = 2 * time.Second // this process was stopped if it made no beat for so long
	presenceInterval = time.Second
	presenceLasts    = 4 * time.Second
)

// CatcherUp is a Surface that can look at once for what it may have missed since a
// time. It announces the gap to its Desk before it returns.
type CatcherUp interface {
	CatchUp(since time.Time)
}

// runPresence notices when this process was stopped for a while, or when another process vanished.
// Events on their way to such a process come late or never, and no reply may leave before the surfaces
// have looked for them.
func (e *Engine) runPresence(ctx context.Context) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		e.watchOthers(ctx)
	}()
	tick := time.NewTicker(beatInterval)
	defer tick.Stop()
	for {
		if last := e.lastBeat.Load(); last != nil && time.Since(*last) > stalledAfter {
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

// stalled reports whether this process was stopped for a while, and has not asked the surfaces yet to catch up.
func (e *Engine) stalled() bool {
	last := e.lastBeat.Load()
	return last != nil && time.Since(*last) > stalledAfter
}

// watchOthers keeps this process' name in the database and looks for those that
// stopped keeping theirs.
func (e *Engine) watchOthers(ctx context.Context) {
	name := store.ProcessName + rand.Text()
	var known []store.Vanished
	tick := time.NewTicker(presenceInterval)
	defer tick.Stop()
	for {
		gone, err := e.keepPresence(ctx, name)
		if err != nil && ctx.Err() == nil {
			e.log.Warn("presence not kept", "error", err)
		}
		if i := slices.IndexFunc(gone, func(v store.Vanished) bool { return !slices.Contains(known, v) }); i >= 0 {
			e.log.Warn("another process vanished", "until", gone[i].Until)
			e.catchUp(time.Now().Add(-2 * presenceLasts)) //nolint:forbidigo // lately
		}
		if err == nil {
			known = gone
		}
		select {
		case <-ctx.Done():
			end, cancel := context.WithTimeout(context.WithoutCancel(ctx), presenceLasts)
			defer cancel()
			_ = store.DropLease(end, e.pool, name, name) // else it runs out, and others look around for nothing
			return
		case <-tick.C:
		}
	}
}

func (e *Engine) keepPresence(ctx context.Context, name string) ([]store.Vanished, error) {
	ctx, cancel := context.WithTimeout(ctx, presenceLasts)
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
