package engine

import "time"

// AgeGap makes the latest gap of a surface one that was over earlier.
func (d *Desk) AgeGap(by time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.gapUntil = d.gapUntil.Add(-by)
}
