package engine

import "time"

// AgeGap makes the latest gap of a surface one that was over earlier.
func (d *Desk) AgeGap(by time.Duration) {
	d.gap.mu.Lock()
	defer d.gap.mu.Unlock()
	d.gap.lastMissed = d.gap.lastMissed.Add(-by)
}

// EndTroublesAgain ends the troubles that could not be ended when what fails was seen to work, as happens once a minute.
func (e *Engine) EndTroublesAgain() { e.troubles.retryEnds() }
