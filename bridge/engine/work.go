package engine

import (
	"time"
)

// work applies one batch of events: use cases change what the book has in hand, and say so in threads.
// It belongs to one goroutine.
type work struct {
	*threads
	e     *Engine
	begun bool      // something was changed for the event in hand
	typed time.Time // when the action being applied was typed, if that is known
}
