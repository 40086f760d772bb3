// Package reply queues what leaves for customers, and says what keeps it from leaving: recipients, limits, the
// reply window, a restore.
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
	MaxHold  time.Duration // how long a reply is held in all, so that it can be taken back; see LongestHold
}
