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
	// smallBody is the longest body of nearly all webhooks. Longer ones have a room of their
	// own, so that they keep no small one waiting.
	smallBody = 64 << 10
	smallRoom = 8 << 20
	largeRoom = 24 << 20

	// slowAfter and slowPace (bytes a second) tell a slow body from one that is on its way. A
	// slow one is ended when others lack room.
	slowAfter   = time.Second
	slowPace    = 1 << 20
	lookForSlow = 100 * time.Millisecond

	waitForRoom = 20 * time.Second
	mostWaiting = 64 // bodies of one source
)

// errNoRoom means that too much arrives at once.
var errNoRoom = errors.New("no room for the body")

// room is memory for the bodies of requests whose senders nobody has checked yet: a
// signature covers the whole of a body. All sources share it, each up to its share.
type room struct {
	size  int64 // bytes
	share int64 // of one source, bytes

	mu       sync.Mutex
	held     int64
	bySource map[*bound]int64
	arriving []*place // longest first
	waiting  []*place // longest first
}

// place is the room of one body.
type place struct {
	source   *bound
	length   int64         // bytes that are reserved
	received *atomic.Int64 // bytes, of the body so far
	end      func()        // makes whoever reads the body give up

	admitted time.Time  // when it got its room
	complete bool       // the body has arrived: it is not ended any more
	ended    bool       // it was slow
	answer   chan error // gets nil for room, or errNoRoom
}

// newRoom makes a room of which one source may have share.
func newRoom(size, share int64) *room {
	return &room{size: size, share: share, bySource: map[*bound]int64{}}
}

// take waits until there is room for a body: until others have left, or slow ones were ended
// for it. Of those that wait, the one that came last is served first: under a flood of slow
// bodies, a quick one gets through. What is taken must be released.
// Errors: errNoRoom, when too many wait or ctx ends.
func (m *room) take(ctx context.Context, p *place) error {
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
	tick := time.NewTicker(lookForSlow)
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

// release gives the room of a place back. One that never got any has none to give.
func (m *room) release(p *place) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i := slices.Index(m.arriving, p)
	if i < 0 {
		return
	}
	m.arriving = slices.Delete(m.arriving, i, i+1)
	m.held -= p.length
	if m.bySource[p.source] -= p.length; m.bySource[p.source] == 0 {
		delete(m.bySource, p.source)
	}
	m.admit()
}

// settle notes that the body of a place has arrived, and says whether it may be dealt with:
// not when it was ended as slow at the same moment.
func (m *room) settle(p *place) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	p.complete = true
	return !p.ended
}

// admit lets in whom there is room for, those that came last first.
func (m *room) admit() {
	for i := len(m.waiting) - 1; i >= 0; i-- {
		p := m.waiting[i]
		if m.lacks(p) > 0 {
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

// lacks gives the bytes that are missing for a place.
func (m *room) lacks(p *place) int64 {
	return max(m.held+p.length-m.size, m.bySource[p.source]+p.length-m.share, 0)
}

// endSlow ends as many slow bodies as a waiting place needs: those of its own source when
// that has its share, else those of the source that holds most.
func (m *room) endSlow(p *place) {
	missing := m.lacks(p)
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
		if a.source != source || !a.ended && !a.slow(now) {
			continue
		}
		if !a.ended {
			a.ended = true
			a.end()
		}
		missing -= a.length
	}
}

// slow tells whether a body has come at less than slowPace for a while.
func (p *place) slow(now time.Time) bool {
	age := now.Sub(p.admitted)
	return !p.complete && age >= slowAfter && float64(p.received.Load()) < slowPace*age.Seconds()
}

// refuseLongest refuses the one that has waited longest when too many of a source wait.
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
	if waiting > mostWaiting {
		m.refuse(longest)
	}
}

// refuse answers a place that still waits.
func (m *room) refuse(p *place) {
	if i := slices.Index(m.waiting, p); i >= 0 {
		m.waiting = slices.Delete(m.waiting, i, i+1)
		p.answer <- errNoRoom
	}
}
