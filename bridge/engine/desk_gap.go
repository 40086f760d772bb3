package engine

import (
	"context"
	"math"
	"sync"
	"time"

	"parley/store"
)

// When a connection to a chat is lost, Parley may miss that an agent edited or deleted a reply which still waits. Such a time is a
// gap. Replies wait until the chat has been read again and the gap is filled, and are checked in the chat before they leave.

// gapMargin is by how much a measured age of a message can be wrong.
const gapMargin = 2 * time.Second

// gap is what this process knows of the last time in which a surface may have missed events. Desk.Gap opens it, and Desk.Filled
// closes it once the surface has stored what it had missed.
type gap struct {
	mu sync.Mutex // guards the fields below

	isOpen     bool
	lastMissed time.Time // the last moment at which events may have been missed, by this process's clock; zero if there was no gap yet
	filledTo   int64     // the newest event of the journal when the gap was closed; replies wait until it is applied
	isUntold   bool      // the other processes have to be told of what has changed here
}

// Gap says that events may have been missed until now. Replies wait until Filled is called, but at most Options.GapWait. Other
// processes learn of it a moment later, and read a reply that is older than the gap again before it leaves.
func (d *Desk) Gap() {
	d.gap.open()
	select {
	case d.e.gapOpened <- struct{}{}: // noteGaps is called at once
	default: // it is about to be called anyway
	}
}

// noteGaps tells the other processes, by the database, which surfaces have a gap. If it fails, the next call within a second does so.
func noteGaps(ctx context.Context, e *Engine) {
	var told []*Desk
	var surfaces []store.AccountID
	e.mu.RLock()
	for account, d := range e.surfaces {
		if d.gap.takeUntold() {
			told = append(told, d)
			surfaces = append(surfaces, account)
		}
	}
	e.mu.RUnlock()
	if len(told) == 0 {
		return
	}

	ctx, cancel := context.WithTimeout(ctx, presenceLasts)
	defer cancel()
	if err := store.NoteGaps(ctx, e.pool, surfaces); err != nil {
		e.log.Warn("gaps not noted", "error", err)
		for _, d := range told {
			d.gap.setUntold()
		}
	}
}

// Filled says that all events that were missed in the gap are stored now.
func (d *Desk) Filled() {
	ctx, cancel := context.WithTimeout(context.Background(), reportTimeout)
	defer cancel()
	newest, err := store.NewestEvent(ctx, d.e.pool)
	if err != nil {
		d.e.log.Warn("newest event not read", "error", err)
		newest = math.MaxInt64 // replies wait until all events are applied
	}

	d.gap.close(newest)
}

// hasGapWithin reports whether events may have been missed within a duration before now. It takes a duration and no time of day,
// because the clocks of the database and of this process need not agree.
func (d *Desk) hasGapWithin(last time.Duration) bool { return d.e.isStalled() || d.gap.isWithin(last) }

// isFilling reports whether a gap is being filled, or whether the events that filled it are not applied yet. A gap counts for at most
// limit after Gap or Filled was called last: whoever waits for it doesn't wait for longer, even if it is still open.
func (d *Desk) isFilling(ctx context.Context, limit time.Duration) (bool, error) {
	if d.e.isStalled() {
		return true, nil
	}

	isOpen, since, filledTo := d.gap.state()
	if since >= limit {
		return false, nil
	}
	if isOpen {
		return true, nil
	}
	return store.HasUnapplied(ctx, d.e.pool, d.account, filledTo)
}

func (g *gap) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.isOpen, g.isUntold = true, true
	g.lastMissed = time.Now()
}

// close notes that what was missed is stored, in events up to filledTo.
func (g *gap) close(filledTo int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.isOpen, g.isUntold = false, true
	g.lastMissed = time.Now()
	g.filledTo = filledTo
}

// isWithin reports whether the gap reaches into a duration before now.
func (g *gap) isWithin(last time.Duration) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	wasOpen := !g.lastMissed.IsZero()
	return g.isOpen || wasOpen && time.Since(g.lastMissed) < last+gapMargin
}

// state returns whether the gap is open, how long ago it was opened or closed, and up to which event it was filled.
func (g *gap) state() (isOpen bool, since time.Duration, filledTo int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.isOpen, time.Since(g.lastMissed), g.filledTo
}

// takeUntold reports whether the other processes have to be told of the gap, and notes that they were: the caller tells them, or calls
// setUntold. They are told of an open gap again and again, since it goes on.
func (g *gap) takeUntold() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	isUntold := g.isOpen || g.isUntold
	g.isUntold = false
	return isUntold
}

// setUntold makes noteGaps tell of the gap again.
func (g *gap) setUntold() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.isUntold = true
}
