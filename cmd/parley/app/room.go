package app

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// maxSmallBody is the length of the longest small body, in bytes. Nearly all webhooks are small. Longer ones have a room
	// of their own, so that no small one waits for them.
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

// room is memory for the bodies of requests. It must be shared out before their senders are checked, because a signature can be
// checked only when the whole body is there. All sources share the room, each up to its share.
type room struct {
	size  int64 // bytes
	share int64 // of one source, bytes

	mu       sync.Mutex
	held     int64
	bySource map[*bound]int64
	arriving []*place // bodies that are being read, the oldest first
	waiting  []*place // bodies without room yet, the oldest first
}

// place is the memory for one body.
type place struct {
	source   *bound
	length   int64         // reserved bytes
	received *atomic.Int64 // bytes of the body so far
	end      func()        // makes reading the body fail

	admitted time.Time  // when it got its room
	arrived  bool       // the body has arrived: it can no longer be ended as slow
	ended    bool       // it was ended because it was slow
	answer   chan error // gets nil when there is room, or errNoRoom
}

// newRoom makes a room of size bytes, of which one source may have share bytes.
func newRoom(size, share int64) *room {
	return &room{size: size, share: share, bySource: map[*bound]int64{}}
}

// acquire waits until there is room for a body: until others are released, or slow ones are ended. Of the waiting bodies the
// newest gets room first, so that a fast one passes a flood of slow ones. The room must be released.
// Errors: errNoRoom when too many wait, wait is over, or ctx ends.
func (m *room) acquire(ctx context.Context, wait time.Duration, p *place) error {
	p.answer = make(chan error, 1)
	m.mu.Lock()
	m.waiting = append(m.waiting, p)
	m.admit()
	m.endSlow(p)
	m.refuseLongest(p.source)
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
			m.endSlow(p)
			m.mu.Unlock()
		case <-ctx.Done():
			m.mu.Lock()
			m.refuse(p)
			m.mu.Unlock()
			return <-p.answer
		}
	}
}

// release frees the room of a place, if it has got any.
func (m *room) release(p *place) {
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
	m.admit()
}

// complete records that a body has arrived. It returns false if the body was ended as slow just before: then the request must
// be refused.
func (m *room) complete(p *place) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	p.arrived = true
	return !p.ended
}

// admit gives room to waiting bodies, the newest first, as far as there is room.
func (m *room) admit() {
	for i := len(m.waiting) - 1; i >= 0; i-- {
		p := m.waiting[i]
		if m.missingFor(p) > 0 {
			continue
		}
		m.waiting = slices.Delete(m.waiting, i, i+1)
		m.held += p.length
		m.bySource[p.source] += p.length
		p.admitted = time.Now()
		m.arriving = append(m.arriving, p)
		p.answer <- nil
	}
}

// missingFor returns how many bytes are missing for a place.
func (m *room) missingFor(p *place) int64 {
	return max(m.held+p.length-m.size, m.bySource[p.source]+p.length-m.share, 0)
}

// endSlow ends as many slow bodies as a waiting place needs: those of its own source if that has used up its share, else those
// of the source that holds the most bytes. Bodies that were ended before count, too: their room is released soon.
func (m *room) endSlow(p *place) {
	missing := m.missingFor(p)
	if missing == 0 || !slices.Contains(m.waiting, p) {
		return
	}

	source := p.source
	if m.bySource[source]+p.length <= m.share {
		for other, bytes := range m.bySource {
			if bytes > m.bySource[source] {
				source = other
			}
		}
	}

	now := time.Now()
	for _, a := range m.arriving {
		if missing <= 0 {
			return
		}
		if a.source != source {
			continue
		}
		if !a.ended && !a.isSlow(now) {
			continue
		}
		if !a.ended {
			a.ended = true
			a.end()
		}

		missing -= a.length
	}
}

// isSlow reports whether a body is slow: see slowAfter.
func (p *place) isSlow(now time.Time) bool {
	age := now.Sub(p.admitted)
	if p.arrived || age < slowAfter {
		return false
	}
	return float64(p.received.Load()) < minPace*age.Seconds()
}

// refuseLongest refuses the body that has waited longest if too many of a source wait.
func (m *room) refuseLongest(source *bound) {
	var longest *place
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
		m.refuse(longest)
	}
}

// refuse answers a waiting place with errNoRoom.
func (m *room) refuse(p *place) {
	if i := slices.Index(m.waiting, p); i >= 0 {
		m.waiting = slices.Delete(m.waiting, i, i+1)
		p.answer <- errNoRoom
	}
}
