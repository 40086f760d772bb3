package engine

import (
	"context"
	"time"

	"parley/channels"
	"parley/store"
)

// AgeGap makes the latest gap of a surface one that was over earlier.
func (d *Desk) AgeGap(by time.Duration) {
	d.gap.mu.Lock()
	defer d.gap.mu.Unlock()
	d.gap.lastMissed = d.gap.lastMissed.Add(-by)
}

// NoteRefusal records that an account's replies are refused, as sending does, once the process knows which accounts don't work.
func (e *Engine) NoteRefusal(ctx context.Context, account store.AccountID, c channels.Condition) error {
	err := e.troubles.readBroken(ctx)
	e.troubles.record(account, sendTrouble, &c)
	return err
}

// EndTroublesAgain ends the troubles that could not be ended when what fails was seen to work, as happens once a minute.
func (e *Engine) EndTroublesAgain() { e.troubles.retryEnds() }

// KnowsTroubleToEnd reports whether the process knows of a trouble that will be over at a later time.
func (e *Engine) KnowsTroubleToEnd() bool {
	e.troubles.mu.Lock()
	defer e.troubles.mu.Unlock()
	for _, over := range e.troubles.pendingEnds {
		if over.until != nil {
			return true
		}
	}
	return false
}

// KnowTroublesUntil lets troubles that could not be ended last until a time, which the caller has written for them.
func (e *Engine) KnowTroublesUntil(at time.Time) {
	e.troubles.mu.Lock()
	defer e.troubles.mu.Unlock()
	for k, over := range e.troubles.pendingEnds {
		over.until = &at
		e.troubles.pendingEnds[k] = over
	}
}
