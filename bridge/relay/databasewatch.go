package relay

import (
	"sync/atomic"
	"time"
)

// databaseWatch remembers when the database last answered, and when connections were last closed because it had none left.
type databaseWatch struct {
	began    time.Time
	answered atomic.Int64 // in nanoseconds since began
	closed   atomic.Int64 // in nanoseconds since began; 0 for never
}

func (w *databaseWatch) noteAnswer() { w.answered.Store(int64(time.Since(w.began))) }

// isStalled reports whether the database has answered nobody for stalledAfter. If so, no event is to blame for what takes long.
func (w *databaseWatch) isStalled() bool {
	return time.Since(w.began)-time.Duration(w.answered.Load()) > stalledAfter
}

// closePause is how long new connections are kept, however scarce they are: closing them all the time would
// make them scarcer.
const closePause = 10 * time.Second

// mayCloseConnections returns true at most once in closePause.
func (w *databaseWatch) mayCloseConnections() bool {
	now, last := int64(time.Since(w.began)), w.closed.Load()
	wasJustDone := last > 0 && now-last < int64(closePause)
	return !wasJustDone && w.closed.CompareAndSwap(last, now)
}
