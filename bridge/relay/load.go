package relay

import (
	"math"
	"sync"
	"time"
)

// loadMemory is how long what was done counts: what was done so long ago counts a third of what is done now.
const loadMemory = 2 * time.Second

// loads tell how much there was to do lately.
type loads struct {
	appliers load
	turns    load // of the dispatcher
}

// load tells how much there was to do lately.
type load struct {
	mu    sync.Mutex
	at    time.Time
	spent float64 // seconds of work at that time, what is older counting less
}

// add counts work that ended now.
func (l *load) add(now time.Time, took time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.spent = l.left(now) + took.Seconds()
	l.at = now
}

// mean gives how many were at work at a time, as a mean of the last few seconds.
func (l *load) mean(now time.Time) float64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.left(now) / loadMemory.Seconds()
}

// left gives what still counts of the work.
func (l *load) left(now time.Time) float64 {
	return l.spent * math.Exp(-max(0, now.Sub(l.at).Seconds())/loadMemory.Seconds())
}
