package relay

import (
	"sync"

	"parley/store"
)

const (
	maxStoreBatch  = 64       // facts in one commit
	maxQueued      = 1024     // facts that wait to be stored
	maxQueuedBytes = 32 << 20 // total size of their payloads
	crowdedCallers = 8        // more waiting callers of Accept than this count as a crowd
)

// acceptQueue holds the facts of callers of Accept until a batch takes them to be stored. A fact is one thing
// that a channel or an agents' chat reported, such as a mail.
//
// Facts with the same order key must be stored in order of arrival. Batches are stored concurrently, so the
// queue never hands out a fact while another batch with its order key is being stored.
type acceptQueue struct {
	wake chan struct{} // holds one signal: a batch may be available

	mu          sync.Mutex
	waiting     []*arrival
	storingKeys map[string]bool // order keys of the batches being stored
	bytes       int64           // total size of the payloads in waiting
	callers     int             // callers of Accept that wait for an answer
	closed      bool
}

// arrival is one fact on its way into the journal.
type arrival struct {
	event store.NewEvent
	done  chan error // buffers the one answer that Accept waits for
}

func newAcceptQueue() *acceptQueue {
	return &acceptQueue{storingKeys: map[string]bool{}, wake: make(chan struct{}, 1)}
}

// add queues all arrivals, or none if there is no room. It reports whether it queued them.
func (q *acceptQueue) add(arrivals []*arrival) bool {
	var bytes int64
	for _, a := range arrivals {
		bytes += int64(len(a.event.Payload))
	}

	q.mu.Lock()
	defer q.mu.Unlock()

	if q.closed || !q.hasRoomLocked(len(arrivals), bytes) {
		return false
	}

	q.waiting = append(q.waiting, arrivals...)
	q.bytes += bytes
	q.callers++
	sendSignal(q.wake)
	return true
}

// hasRoomLocked reports whether more facts may wait. An empty queue takes any number, because otherwise a large
// call could never be accepted.
func (q *acceptQueue) hasRoomLocked(facts int, bytes int64) bool {
	if len(q.waiting) == 0 {
		return true
	}
	return len(q.waiting)+facts <= maxQueued && q.bytes+bytes <= maxQueuedBytes
}

// callerDone records that a caller of Accept has its answer. Call it once for each add that returned true.
func (q *acceptQueue) callerDone() {
	q.mu.Lock()
	q.callers--
	q.mu.Unlock()
}

// isCrowded reports whether so many callers of Accept wait that appliers should pause for a moment.
func (q *acceptQueue) isCrowded() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.callers > crowdedCallers
}

// close makes add refuse everything from now on. It returns all waiting facts, which the caller has to answer.
func (q *acceptQueue) close() []*arrival {
	q.mu.Lock()
	defer q.mu.Unlock()
	waiting := q.waiting
	q.closed = true
	q.waiting = nil // so that withdrawFollowing does not return them too
	return waiting
}

// takeBatch takes the next batch, which may be empty. It skips facts whose order key is in a batch that is
// being stored. Call release after each batch.
func (q *acceptQueue) takeBatch() []*arrival {
	q.mu.Lock()
	defer q.mu.Unlock()
	var batch, rest []*arrival
	for i, a := range q.waiting {
		if len(batch) == maxStoreBatch {
			rest = append(rest, q.waiting[i:]...)
			break
		}
		if q.storingKeys[a.event.OrderKey] {
			rest = append(rest, a)
			continue
		}

		batch = append(batch, a)
		q.bytes -= int64(len(a.event.Payload))
	}

	q.waiting = rest
	for _, a := range batch {
		q.storingKeys[a.event.OrderKey] = true
	}
	return batch
}

// release allows facts with the order keys of a batch to be taken again.
func (q *acceptQueue) release(batch []*arrival) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, a := range batch {
		delete(q.storingKeys, a.event.OrderKey)
	}
	sendSignal(q.wake)
}

// withdrawFollowing removes and returns all waiting facts that have the order key of a failed fact, because
// they would otherwise be stored ahead of it. Their sources report all of them again. Call it before the failed
// facts are answered: a source may report its facts again at once.
func (q *acceptQueue) withdrawFollowing(failed ...*arrival) (following []*arrival) {
	keys := map[string]bool{}
	for _, a := range failed {
		keys[a.event.OrderKey] = true
	}

	q.mu.Lock()
	defer q.mu.Unlock()
	var others []*arrival
	for _, a := range q.waiting {
		if keys[a.event.OrderKey] {
			following = append(following, a)
			q.bytes -= int64(len(a.event.Payload))
		} else {
			others = append(others, a)
		}
	}

	q.waiting = others
	return following
}
