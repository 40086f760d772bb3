package engine

import (
	"time"

	"parley/store"
)

// work applies one batch of events in one transaction: messages of customers, actions of agents, and so on. The use cases are its
// methods. It has the batch's book, which caches the rows that the batch reads and changes, and the Writer, which queues posts into
// the agents' threads. A work is used by one goroutine, and not used again.
type work struct {
	*Writer
	e        *Engine
	Restored time.Time     // when work began after the last restore from a backup; zero if there was none
	MaxHold  time.Duration // the longest time that a reply is kept back, so that its author can undo it; see LongestHold

	looked looked
	held   []store.ConversationID // those of the VerbSeveral that is being applied that hadBefore
}
