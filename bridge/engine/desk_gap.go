package engine

import (
	"context"
	"math"
	"time"

	"parley/store"
)

// gapMargin is by how much a measured age of a message can be wrong.
const gapMargin = 2 * time.Second

// Gap says that events may have been missed until now. Replies wait until Filled is called, but at most Options.GapWait. Other
// processes learn of it a moment later, and read a reply that is older than the gap again before it leaves.
func (d *Desk) Gap() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.open = true
	d.gapUntil = time.Now()
	d.untold = true
	select {
	case d.e.gapOpened <- struct{}{}:
	default: // a signal waits already
	}
}

// noteGaps tells the other processes, by the database, which surfaces have a gap. What can't be noted now is noted a second later.
func noteGaps(ctx context.Context, e *Engine) {
	var told []*Desk
	var surfaces []store.AccountID
	e.mu.RLock()
	for account, d := range e.surfaces {
		if d.takeUntold() {
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
			d.setUntold()
		}
	}
}

// takeUntold reports whether the other processes have to be told of a gap, and notes that they were: the caller tells them, or calls
// setUntold. They are told of an open gap again and again, since it goes on.
func (d *Desk) takeUntold() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	isUntold := d.open || d.untold
	d.untold = false
	return isUntold
}

// setUntold makes noteGaps tell of a gap again.
func (d *Desk) setUntold() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.untold = true
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

	d.mu.Lock()
	defer d.mu.Unlock()
	d.open = false
	d.gapUntil = time.Now()
	d.untold = true
	d.filledTo = newest
}

// hasGapWithin reports whether events may have been missed within a duration before now. It takes a duration and no time of day,
// because the clocks of the database and of this process need not agree.
func (d *Desk) hasGapWithin(last time.Duration) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.open || d.e.isStalled() {
		return true
	}
	return !d.gapUntil.IsZero() && time.Since(d.gapUntil) < last+gapMargin
}

// isFilling reports whether a gap is being filled, or whether the events that filled it are not applied yet. It returns true
// for at most limit after the gap.
func (d *Desk) isFilling(ctx context.Context, limit time.Duration) (bool, error) {
	d.mu.Lock()
	isOpen, filledTo := d.open, d.filledTo
	isRecent := time.Since(d.gapUntil) < limit
	d.mu.Unlock()

	if d.e.isStalled() {
		return true, nil
	}
	if !isRecent {
		return false, nil
	}
	if isOpen {
		return true, nil
	}

	return store.Unapplied(ctx, d.e.pool, d.account, filledTo)
}
