package teams

import (
	"sync"
	"time"
)

// Teams delivers each message independently, and retries later if that fails. A message that arrives much later than
// usual was probably retried. Then others may be missing, which were written before it.

const (
	// lateThreshold is by how much a message must be slower than usual to count as late. Teams waits at least a second
	// before it retries, so the threshold is less than that.
	lateThreshold = 750 * time.Millisecond
	// lateOnlySpan is the time after which, if all messages are late, their delay counts as usual.
	lateOnlySpan = time.Minute
)

// Lateness measures how long messages usually take to arrive: about as long as the fastest one took. The time is
// negative if Teams' clock is ahead of ours. The zero value is ready to use. Safe for concurrent use.
type Lateness struct {
	mu          sync.Mutex
	usual       time.Duration
	lateSince   time.Time     // since when all messages have been late; zero if the last one wasn't
	fastestLate time.Duration // how long the fastest of these late messages took
}

// RecordArrival records how long a message took that has just arrived, and reports whether it is late.
//
// A message that was faster than usual lowers the usual time. If all messages are late for lateOnlySpan, a clock was
// probably changed, and the time of the fastest of them becomes the usual one. A few late messages don't suffice:
// after an outage, Teams delivers the messages of several threads late, each with another delay.
func (l *Lateness) RecordArrival(now time.Time, took time.Duration) (isLate bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if took <= l.usual+lateThreshold {
		l.usual = min(l.usual, took)
		l.lateSince = time.Time{}
		return false
	}

	if l.lateSince.IsZero() {
		l.lateSince, l.fastestLate = now, took
	}
	l.fastestLate = min(l.fastestLate, took)
	if now.Sub(l.lateSince) >= lateOnlySpan {
		l.usual = l.fastestLate
		l.lateSince = time.Time{}
	}

	return true
}
