package engine

import (
	"time"
)

// work applies one batch of events. Use cases are its methods: they change the book and post in threads
// what they did. It belongs to one goroutine.
type work struct {
	*threads
	e     *Engine
	begun bool      // the event that is being applied has changed something
	typed time.Time // when the action being applied was typed, if that is known
}
