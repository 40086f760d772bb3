package engine

import (
	"time"

	"parley/bridge/engine/directory"
	"parley/store"
)

// work is one batch of events: what they touch, locked and in memory. Use cases
// change it; flush writes it set-wise. It belongs to one goroutine.
type work struct {
	*moment
	outbox *outbox
	e      *Engine
	dir    *directory.Directory
	locks  func(conversations []int64) // relay.Batch.Locks

	openings map[userKey]*opening

	log      *logbook
	posts    *posts
	messages *messages
	convs    *conversations
	people   *people
	timers   *timers
	tags     []store.Tag // those of the directory, or as they are now where one may be new
	newTags  map[string]bool
	replies  replyChanges
	begun    bool      // something was changed for the event in hand
	typed    time.Time // when the action being applied was typed, if that is known
}
