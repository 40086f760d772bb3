// Package reply queues replies to customers. Before that it checks whether a reply can be sent: its recipients, the
// channel's limits, the reply window (the time in which a provider allows free text), and whether Parley was
// restored from a backup since the reply was typed.
//
// What does not belong here: whether a text is for the customer at all (speech), and the attempts to send
// (outbound).
package reply

import (
	"time"

	"parley/bridge/engine/threads"
	"parley/bridge/engine/workflow"
)

// UseCases queues replies in one batch.
type UseCases struct {
	*threads.Writer
	Workflow *workflow.UseCases
	Restored time.Time     // when work began after the last restore from a backup; zero if there was none
	MaxHold  time.Duration // the longest time that a reply is kept back, so that its author can undo it; see LongestHold
}
