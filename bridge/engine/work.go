package engine

import (
	"time"

	"parley/bridge/engine/directory"
)

// work is one batch of events: what they touch, locked and in memory. Use cases
// change it; flush writes it set-wise. It belongs to one goroutine.
type work struct {
	*moment
	outbox *outbox
	e      *Engine
	dir    *directory.Directory
	locks  func(conversations []int64) // relay.Batch.Locks

	log      *logbook
	posts    *posts
	messages *messages
	convs    *conversations
	people   *people
	tags     *tags
	openings openings
	replies  *replyChanges
	timers   *timers
	begun    bool      // something was changed for the event in hand
	typed    time.Time // when the action being applied was typed, if that is known
}
