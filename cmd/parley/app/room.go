package app

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// This file limits the memory for the bodies of incoming webhooks. A webhook's signature can be verified only after the
// whole body has been received, so anybody can make Parley buffer a body. Before a body is read, it therefore reserves
// its length in a room, which is a fixed amount of memory. If there is not enough space, it waits. For example, sixteen
// clients that each announce 1 MiB to one endpoint, and then send a byte a second, use up that endpoint's share of the
// large room. The next body waits about a second, until the oldest of the sixteen is ended as slow.

// Lengths are in bytes.
const (
	// maxSmallBody is the maximum length of a small body. Nearly all webhooks are small. Longer bodies have a separate
	// room, so that a small one never waits for them.
	maxSmallBody = 64 << 10
	smallRoom    = 8 << 20  // the size of the room for small bodies
	largeRoom    = 24 << 20 // the size of the room for all others

	// A body is slow if it has been arriving for at least slowAfter, at less than minPace bytes a second on average. The
	// room ends slow bodies when others need the space.
	slowAfter         = time.Second
	minPace           = 1 << 20
	slowCheckInterval = 100 * time.Millisecond

	maxRoomWait = 20 * time.Second
	maxWaiting  = 64 // waiting bodies of one source
)

// errNoRoom means that too many bodies arrive at the same time.
var errNoRoom = errors.New("no room for the body")

// room is a fixed amount of memory for request bodies. All sources of webhooks share it. A source is one webhook endpoint,
// such as that of a WhatsApp account, and is identified by the limiter of its requests. A room is safe for
// concurrent use. Methods whose names end in Locked require that mu is held.
type room struct {
	size  int64 // capacity in bytes
	share int64 // the most bytes that one source may reserve

	mu       sync.Mutex
	reserved int64              // by all sources
	bySource map[*limiter]int64 // reserved by each source
	arriving []*reservation     // bodies that have a reservation, the oldest first
	waiting  []*reservation     // bodies that wait for space, the oldest first
}

// reservation is the memory for one body. The room's mu guards admittedAt, hasArrived and isEnded.
type reservation struct {
	source   *limiter
	length   int64
	received *atomic.Int64 // the number of bytes read so far
	end      func()        // makes reading the body fail

	admittedAt time.Time  // when there was space for it
	hasArrived bool       // the whole body has been read, so it can no longer be ended as slow
	isEnded    bool       // it was ended because it was slow
	result     chan error // receives one value: nil when there is space, or errNoRoom
}

func newRoom(size, share int64) *room {
	return &room{size: size, share: share, bySource: map[*limiter]int64{}}
}

// acquire reserves space for a body. It blocks until there is enough, but no longer than maxWait. To free space, it ends
// slow bodies. The newest of the waiting bodies gets space first, so that a fast one overtakes a flood of slow ones. After
// success, the caller must call release.
// Errors: errNoRoom if too many bodies of the source wait, after maxWait, or when ctx ends.
func (r *room) acquire(ctx context.Context, maxWait time.Duration, res *reservation) error {
	res.result = make(chan error, 1)
	r.mu.Lock()
	r.waiting = append(r.waiting, res)
	r.admitLocked()
	r.endSlowLocked(res)
	r.refuseOldestLocked(res.source)
	r.mu.Unlock()

	select {
	case err := <-res.result:
		return err
	default:
	}

	ctx, cancel := context.WithTimeout(ctx, maxWait)
	defer cancel()
	tick := time.NewTicker(slowCheckInterval)
	defer tick.Stop()
	for {
		select {
		case err := <-res.result:
			return err
		case <-tick.C:
			r.mu.Lock()
			r.endSlowLocked(res)
			r.mu.Unlock()
		case <-ctx.Done():
			r.mu.Lock()
			r.refuseLocked(res)
			r.mu.Unlock()
			return <-res.result // nil if it was admitted at the last moment
		}
	}
}

// release frees the space of a reservation. It does nothing if the reservation has no space, or was released before.
func (r *room) release(res *reservation) {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := slices.Index(r.arriving, res)
	if i < 0 {
		return
	}
	r.arriving = slices.Delete(r.arriving, i, i+1)
	r.reserved -= res.length
	r.bySource[res.source] -= res.length
	if r.bySource[res.source] == 0 {
		delete(r.bySource, res.source)
	}
	r.admitLocked()
}

// complete records that the whole body has been read. It returns false if the body was ended as slow just before that. Then
// the caller must refuse the request.
func (r *room) complete(res *reservation) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	res.hasArrived = true
	return !res.isEnded
}

// admitLocked admits every waiting body for which there is enough space, the newest first.
func (r *room) admitLocked() {
	for i := len(r.waiting) - 1; i >= 0; i-- {
		res := r.waiting[i]
		if r.missingForLocked(res) > 0 {
			continue
		}
		r.waiting = slices.Delete(r.waiting, i, i+1)
		r.reserved += res.length
		r.bySource[res.source] += res.length
		res.admittedAt = time.Now()
		r.arriving = append(r.arriving, res)
		res.result <- nil
	}
}

// missingForLocked returns how many bytes must be freed, in the room or in the source's share, before a reservation fits.
func (r *room) missingForLocked(res *reservation) int64 {
	return max(r.reserved+res.length-r.size, r.bySource[res.source]+res.length-r.share, 0)
}

// endSlowLocked ends as many slow bodies as a waiting reservation needs, the oldest first. It does nothing if the
// reservation no longer waits. Bodies that were ended before count as free, since they are about to be released.
func (r *room) endSlowLocked(res *reservation) {
	missing := r.missingForLocked(res)
	if missing == 0 || !slices.Contains(r.waiting, res) {
		return
	}

	source := r.sourceToEndLocked(res)
	now := time.Now()
	for _, other := range r.arriving {
		if missing <= 0 {
			return
		}
		if other.source != source {
			continue
		}
		if !other.isEnded && other.isSlowLocked(now) {
			other.isEnded = true
			other.end()
		}
		if other.isEnded {
			missing -= other.length
		}
	}
}

// sourceToEndLocked returns the source whose slow bodies are to be ended for a reservation: its own source if that would
// exceed its share, and otherwise the source with the most reserved bytes.
func (r *room) sourceToEndLocked(res *reservation) *limiter {
	exceedsShare := r.bySource[res.source]+res.length > r.share
	if exceedsShare {
		return res.source
	}
	return r.largestSourceLocked(res.source)
}

// largestSourceLocked returns the source with the most reserved bytes, which is preferred if no other source has more.
func (r *room) largestSourceLocked(preferred *limiter) *limiter {
	largest := preferred
	for source, bytes := range r.bySource {
		if bytes > r.bySource[largest] {
			largest = source
		}
	}
	return largest
}

// isSlowLocked reports whether a body is slow; see slowAfter.
func (res *reservation) isSlowLocked(now time.Time) bool {
	age := now.Sub(res.admittedAt)
	if res.hasArrived || age < slowAfter {
		return false
	}
	return float64(res.received.Load()) < minPace*age.Seconds()
}

// refuseOldestLocked refuses the oldest waiting body of a source, if more than maxWaiting of its bodies wait.
func (r *room) refuseOldestLocked(source *limiter) {
	var oldest *reservation
	count := 0
	for _, res := range r.waiting {
		if res.source != source {
			continue
		}
		count++
		if oldest == nil {
			oldest = res
		}
	}
	if count > maxWaiting {
		r.refuseLocked(oldest)
	}
}

// refuseLocked refuses a reservation with errNoRoom. It does nothing if the reservation no longer waits.
func (r *room) refuseLocked(res *reservation) {
	if i := slices.Index(r.waiting, res); i >= 0 {
		r.waiting = slices.Delete(r.waiting, i, i+1)
		res.result <- errNoRoom
	}
}
