package engine

import "time"

// ReplyUseCases queues replies in one batch.
type ReplyUseCases struct {
	*Writer
	Workflow *WorkflowUseCases
	Restored time.Time     // when work began after the last restore from a backup; zero if there was none
	MaxHold  time.Duration // the longest time that a reply is kept back, so that its author can undo it; see LongestHold
}
