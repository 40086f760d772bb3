package engine

import (
	"maps"
	"slices"
	"time"

	"parley/bridge"
)

// AgeGap makes the latest gap of a surface one that was over earlier.
func (d *Desk) AgeGap(by time.Duration) {
	d.gap.mu.Lock()
	defer d.gap.mu.Unlock()
	d.gap.lastMissed = d.gap.lastMissed.Add(-by)
}

// EndTroublesAgain ends the troubles that could not be ended when what fails was seen to work, as happens once a minute.
func (e *Engine) EndTroublesAgain() { e.troubles.retryEnds() }

// VerbNames lists all verbs, sorted.
func (e *Engine) VerbNames() []bridge.Verb { return slices.Sorted(maps.Keys(allUseCases())) }
