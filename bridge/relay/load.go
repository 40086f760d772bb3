package relay

import (
	"math"
	"sync"
	"time"
)

// loadMemory is how long what was done counts: what was done so long ago counts a third of what is done now.
const loadMemory = 2 * time.Second

// loads are the loads of a relay's parts.
type loads struct {
	appliers   load
	dispatcher load // its turns
}

// load tells how much there was to do lately.
type load struct {
	mu         sync.Mutex
	reckonedAt time.Time // when work was reckoned last
	work       float64   // seconds of work at that time, what is older counting less
}

// add counts work that ended now.
func (l *load) add(now time.Time, took time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.work = l.remainingWork(now) + took.Seconds()
	l.reckonedAt = now
}

// meanAtWork returns how many were at work at the same time, as a mean of the last few seconds.
func (l *load) meanAtWork(now time.Time) float64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.remainingWork(now) / loadMemory.Seconds()
}

// remainingWork returns what still counts of the work.
func (l *load) remainingWork(now time.Time) float64 {
	return l.work * math.Exp(-max(0, now.Sub(l.reckonedAt).Seconds())/loadMemory.Seconds())
}
