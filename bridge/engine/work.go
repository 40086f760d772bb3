package engine

import (
	"time"
)

// work applies one batch of events: use cases change what the book has in hand. It belongs to one
// goroutine.
type work struct {
	*book
	e     *Engine
	begun bool      // something was changed for the event in hand
	typed time.Time // when the action being applied was typed, if that is known
}
