package engine

import (
	"context"
	"math"
	"sync"
	"time"

	"parley/store"
)

// This file keeps replies from being sent after their authors have changed them. While the connection to a chat is lost, Parley can
// miss that an agent edited or deleted a reply that is still waiting to be sent. Such a period is a gap: Desk.Gap opens it when the
// connection is lost, and Desk.Filled closes it once the surface (the client of that chat) has stored the events it had missed.
// Replies wait until the gap is filled, and are read again in the chat before they leave.

// gapMargin is the maximum error of a measured message age.
const gapMargin = 2 * time.Second

// gap is what this process knows of a surface's latest gap.
type gap struct {
	mu sync.Mutex // guards the fields below

	isOpen        bool
	lastMissed    time.Time // the latest time at which events may have been missed; zero if there was no gap yet
	filledTo      int64     // the journal's newest event when the gap was closed; replies wait until it is applied
	isUnannounced bool      // the other processes don't know the latest change yet
}

// Gap records that events may have been missed until now. Replies wait until Filled is called, but at most Options.GapWait. Other
// processes learn of the gap a moment later; they too read replies that are older than the gap again before sending them.
func (d *Desk) Gap() {
	d.gap.open()
	select {
	case d.e.gapOpened <- struct{}{}: // noteGaps is called at once
	default: // it is about to be called anyway
	}
}

// noteGaps announces gaps to the other processes through the database. If that fails, the next call, within a second, tries again.
func noteGaps(ctx context.Context, e *Engine) {
	var desks []*Desk
	var surfaces []store.AccountID
	e.mu.RLock()
	for account, d := range e.surfaces {
		if d.gap.takeAnnouncement() {
			desks = append(desks, d)
			surfaces = append(surfaces, account)
		}
	}
	e.mu.RUnlock()
	if len(desks) == 0 {
		return
	}

	ctx, cancel := context.WithTimeout(ctx, presenceLasts)
	defer cancel()
	if err := store.NoteGaps(ctx, e.pool, surfaces); err != nil {
		e.log.Warn("gaps not noted", "error", err)
		for _, d := range desks {
			d.gap.restoreAnnouncement()
		}
	}
}

// Filled records that all events that were missed in the gap are stored now.
func (d *Desk) Filled() {
	ctx, cancel := context.WithTimeout(context.Background(), reportTimeout)
	defer cancel()
	newest, err := store.NewestEvent(ctx, d.e.pool)
	if err != nil {
		d.e.log.Warn("newest event not read", "error", err)
		newest = math.MaxInt64 // unknown: replies wait until all events are applied
	}

	d.gap.close(newest)
}

// hasGapWithin reports whether events may have been missed within the last period of this length. It takes a duration instead of a
// time, because the clocks of the database and of this process may differ.
func (d *Desk) hasGapWithin(last time.Duration) bool { return d.e.isStalled() || d.gap.isWithin(last) }

// isFilling reports whether replies have to wait: a gap is open, or the events that filled it are not applied yet. It returns false
// once limit has passed since the last call of Gap or Filled, even if the gap is still open, so that replies don't wait forever.
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
	g.isOpen, g.isUnannounced = true, true
	g.lastMissed = time.Now()
}

// close records that the missed events are stored. The last of them is filledTo or an earlier one.
func (g *gap) close(filledTo int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.isOpen, g.isUnannounced = false, true
	g.lastMissed = time.Now()
	g.filledTo = filledTo
}

// isWithin reports whether the gap overlaps the last period of this length.
func (g *gap) isWithin(last time.Duration) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.isOpen {
		return true
	}
	wasOpen := !g.lastMissed.IsZero()
	return wasOpen && time.Since(g.lastMissed) < last+gapMargin
}

// state returns whether the gap is open, how long ago it was opened or closed, and up to which event it was filled.
func (g *gap) state() (isOpen bool, since time.Duration, filledTo int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.isOpen, time.Since(g.lastMissed), g.filledTo
}

// takeAnnouncement reports whether the gap has to be announced to the other processes. The caller must announce it, or call
// restoreAnnouncement. An open gap is announced each time, because its end is not known yet.
func (g *gap) takeAnnouncement() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	isDue := g.isOpen || g.isUnannounced
	g.isUnannounced = false
	return isDue
}

// restoreAnnouncement makes the next call of takeAnnouncement return true.
func (g *gap) restoreAnnouncement() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.isUnannounced = true
}
