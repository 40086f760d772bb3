package inbound

import (
	"sync"
	"time"
)

const (
	// A message that takes longer than usual by lateThreshold was not delivered at the first try. Teams waits at least a
	// second before it tries again, so the threshold is less than that.
	lateThreshold = 750 * time.Millisecond
	// lateOnlySpan: if all messages have been late for so long, their time is the usual one now.
	lateOnlySpan = time.Minute
)

// Lateness knows how long messages usually take to arrive: about as long as the fastest one took. That is negative if
// Teams' clock is ahead of ours. The zero value can be used. Safe for concurrent use.
type Lateness struct {
	mu        sync.Mutex
	usual     time.Duration
	lateSince time.Time     // since when all messages were late; zero if the last one wasn't
	leastLate time.Duration // how long the fastest of them took
}

// RecordArrival records how long the message took that arrived now, and reports whether that was much longer than
// usual.
//
// A message that was faster than usual lowers the usual time. If all messages are late for lateOnlySpan, a clock was
// probably changed: then the time of the fastest of them becomes the usual one. A few late messages don't show that.
// After an outage Teams brings the messages of several threads late, each after another time.
func (l *Lateness) RecordArrival(now time.Time, took time.Duration) (isLate bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if took <= l.usual+lateThreshold {
		l.usual = min(l.usual, took)
		l.lateSince = time.Time{}
		return false
	}

	if l.lateSince.IsZero() {
		l.lateSince, l.leastLate = now, took
	}
	l.leastLate = min(l.leastLate, took)
	if now.Sub(l.lateSince) >= lateOnlySpan {
		l.usual = l.leastLate
		l.lateSince = time.Time{}
	}

	return true
}
