package app

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// This file shares out the memory in which bodies of webhooks are collected. A webhook's signature can be checked only once
// the whole body is there, so anybody, also a stranger, can have Parley collect one. A room bounds how much memory that takes.

// Lengths are in bytes.
const (
	// maxSmallBody is the length of the longest small body. Nearly all webhooks are small. Longer ones have a room of their
	// own, so that no small one waits for them.
	maxSmallBody = 64 << 10
	smallRoom    = 8 << 20
	largeRoom    = 24 << 20

	// A body is slow if it has been coming for slowAfter or longer, at less than minPace bytes a second. Slow bodies are
	// ended when others need room.
	slowAfter         = time.Second
	minPace           = 1 << 20
	slowCheckInterval = 100 * time.Millisecond

	maxRoomWait = 20 * time.Second
	maxWaiting  = 64 // bodies of one source
)

// errNoRoom means that too much arrives at once.
var errNoRoom = errors.New("no room for the body")

// room is a bounded amount of memory for the bodies of requests. All sources of webhooks, such as the accounts, share it. A source is
// known by its bound. Methods whose names end in Locked are called with mu held.
type room struct {
	size  int64 // of the room
	share int64 // the most that one source may hold

	mu       sync.Mutex
	held     int64            // reserved by all sources
	bySource map[*bound]int64 // reserved by each source
	arriving []*reservation   // bodies that are being read, the oldest first
	waiting  []*reservation   // bodies without room yet, the oldest first
}

// reservation is the memory for one body. The room's mu guards the last group of fields but answer.
type reservation struct {
	source   *bound
	length   int64
	received *atomic.Int64 // how much of the body has been read
	end      func()        // makes reading the body fail

	admittedAt time.Time
	hasArrived bool       // the whole body is there: it can no longer be ended as slow
	isEnded    bool       // it was ended because it was slow
	answer     chan error // gets one value: nil when there is room, or errNoRoom
}

func newRoom(size, share int64) *room {
	return &room{size: size, share: share, bySource: map[*bound]int64{}}
}

// acquire reserves room for a body. It blocks until others have released enough; to make room, it ends slow bodies. Of several
// waiting bodies the newest gets room first, so that a fast one passes a flood of slow ones. After success, the caller must
// call release.
// Errors: errNoRoom when too many bodies wait, when the time to wait is over, or when ctx ends.
func (m *room) acquire(ctx context.Context, wait time.Duration, p *reservation) error {
	p.answer = make(chan error, 1)
	m.mu.Lock()
	m.waiting = append(m.waiting, p)
	m.admitLocked()
	m.endSlowLocked(p)
	m.refuseLongestLocked(p.source)
	m.mu.Unlock()
	select {
	case err := <-p.answer:
		return err
	default:
	}

	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	tick := time.NewTicker(slowCheckInterval)
	defer tick.Stop()
	for {
		select {
		case err := <-p.answer:
			return err
		case <-tick.C:
			m.mu.Lock()
			m.endSlowLocked(p)
			m.mu.Unlock()
		case <-ctx.Done():
			m.mu.Lock()
			m.refuseLocked(p)
			m.mu.Unlock()
			return <-p.answer
		}
	}
}

// release frees the room of a reservation. It does nothing if the reservation has got none.
func (m *room) release(p *reservation) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i := slices.Index(m.arriving, p)
	if i < 0 {
		return
	}
	m.arriving = slices.Delete(m.arriving, i, i+1)
	m.held -= p.length
	m.bySource[p.source] -= p.length
	if m.bySource[p.source] == 0 {
		delete(m.bySource, p.source)
	}
	m.admitLocked()
}

// complete records that a body has arrived. It returns false if the body was ended as slow just before: then the request must
// be refused.
func (m *room) complete(p *reservation) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	p.hasArrived = true
	return !p.isEnded
}

// admitLocked gives room to all waiting bodies for which there is enough, the newest first.
func (m *room) admitLocked() {
	for i := len(m.waiting) - 1; i >= 0; i-- {
		p := m.waiting[i]
		if m.missingForLocked(p) > 0 {
			continue
		}
		m.waiting = slices.Delete(m.waiting, i, i+1)
		m.held += p.length
		m.bySource[p.source] += p.length
		p.admittedAt = time.Now()
		m.arriving = append(m.arriving, p)
		p.answer <- nil
	}
}

// missingForLocked returns how many bytes must become free before a reservation gets its room.
func (m *room) missingForLocked(p *reservation) int64 {
	return max(m.held+p.length-m.size, m.bySource[p.source]+p.length-m.share, 0)
}

// endSlowLocked ends as many slow bodies as a waiting reservation needs, the oldest first. If the reservation's own source would
// exceed its share, it ends bodies of that source, else those of the source that holds the most. A body that was ended before
// counts as free, too, since its room is released soon.
func (m *room) endSlowLocked(p *reservation) {
	missing := m.missingForLocked(p)
	if missing == 0 || !slices.Contains(m.waiting, p) {
		return
	}

	source := p.source
	exceedsShare := m.bySource[source]+p.length > m.share
	if !exceedsShare {
		source = m.largestSourceLocked(source)
	}

	now := time.Now()
	for _, a := range m.arriving {
		if missing <= 0 {
			return
		}
		if a.source != source {
			continue
		}
		if !a.isEnded {
			if !a.isSlowLocked(now) {
				continue
			}
			a.isEnded = true
			a.end()
		}
		missing -= a.length
	}
}

// largestSourceLocked returns the source that holds the most bytes: source itself if no other holds more.
func (m *room) largestSourceLocked(source *bound) *bound {
	for other, bytes := range m.bySource {
		if bytes > m.bySource[source] {
			source = other
		}
	}
	return source
}

// isSlowLocked reports whether a body is slow, as the comment of slowAfter defines it.
func (p *reservation) isSlowLocked(now time.Time) bool {
	age := now.Sub(p.admittedAt)
	if p.hasArrived || age < slowAfter {
		return false
	}
	return float64(p.received.Load()) < minPace*age.Seconds()
}

// refuseLongestLocked refuses the body of a source that has waited longest, if more than maxWaiting of its bodies wait.
func (m *room) refuseLongestLocked(source *bound) {
	var longest *reservation
	waiting := 0
	for _, p := range m.waiting {
		if p.source == source {
			waiting++
			if longest == nil {
				longest = p
			}
		}
	}
	if waiting > maxWaiting {
		m.refuseLocked(longest)
	}
}

// refuseLocked answers a reservation with errNoRoom if it still waits.
func (m *room) refuseLocked(p *reservation) {
	if i := slices.Index(m.waiting, p); i >= 0 {
		m.waiting = slices.Delete(m.waiting, i, i+1)
		p.answer <- errNoRoom
	}
}
