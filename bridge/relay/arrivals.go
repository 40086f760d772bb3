package relay

import (
	"sync"

	"parley/store"
)

const (
	maxStoreBatch  = 64       // facts that one commit stores
	maxQueued      = 1024     // facts waiting to be stored
	maxQueuedBytes = 32 << 20 // their payloads together
	crowd          = 8        // more callers of Accept that wait than this pile up
)

// acceptQueue holds facts that wait for the running commits.
type acceptQueue struct {
	mu          sync.Mutex
	waiting     []*arrival
	storingKeys map[string]bool // the order keys of the batches that are being stored
	bytes       int64
	callers     int // callers of Accept that wait
	closed      bool
	wake        chan struct{}
}

// arrival is one fact on its way into the journal.
type arrival struct {
	event store.NewEvent
	done  chan error
}

func newAcceptQueue() *acceptQueue {
	return &acceptQueue{storingKeys: map[string]bool{}, wake: make(chan struct{}, 1)}
}

// add queues all arrivals, or none of them. It reports whether it queued them.
func (q *acceptQueue) add(arrivals []*arrival) bool {
	var bytes int64
	for _, a := range arrivals {
		bytes += int64(len(a.event.Payload))
	}

	q.mu.Lock()
	defer q.mu.Unlock()

	if q.closed || !q.hasRoom(len(arrivals), bytes) {
		return false
	}

	q.waiting = append(q.waiting, arrivals...)
	q.bytes += bytes
	q.callers++
	sendSignal(q.wake)
	return true
}

// hasRoom reports whether further facts may wait. An empty queue takes any number: otherwise large ones could never be
// accepted. The caller holds the lock.
func (q *acceptQueue) hasRoom(facts int, bytes int64) bool {
	if len(q.waiting) == 0 {
		return true
	}
	return len(q.waiting)+facts <= maxQueued && q.bytes+bytes <= maxQueuedBytes
}

// callerLeft notes that a caller of Accept, whose facts were added, waits no longer.
func (q *acceptQueue) callerLeft() {
	q.mu.Lock()
	q.callers--
	q.mu.Unlock()
}

// isCrowded reports whether callers of Accept pile up, so that appliers should give way for a moment.
func (q *acceptQueue) isCrowded() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.callers > crowd
}

// close refuses everything from now on, and takes all that still waits.
func (q *acceptQueue) close() []*arrival {
	q.mu.Lock()
	defer q.mu.Unlock()
	waiting := q.waiting
	q.closed = true
	q.waiting = nil
	q.bytes = 0
	return waiting
}

// takeBatch takes the next batch, which may be empty. Facts whose order key is that of a batch under way wait
// for its end, so that they are stored behind it: call release after each batch.
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

// release lets facts with the order keys of a batch be taken again.
func (q *acceptQueue) release(batch []*arrival) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, a := range batch {
		delete(q.storingKeys, a.event.OrderKey)
	}
	sendSignal(q.wake)
}

// withdrawBehind takes out the facts that wait behind facts which could not be stored and have the same order keys: otherwise they
// would be stored before those. The sources bring all of them again. Call withdrawBehind before the sources are answered, because
// they may bring the facts again at once.
func (q *acceptQueue) withdrawBehind(failed ...*arrival) (behind []*arrival) {
	keys := map[string]bool{}
	for _, a := range failed {
		keys[a.event.OrderKey] = true
	}

	q.mu.Lock()
	defer q.mu.Unlock()
	var others []*arrival
	for _, a := range q.waiting {
		if keys[a.event.OrderKey] {
			behind = append(behind, a)
			q.bytes -= int64(len(a.event.Payload))
		} else {
			others = append(others, a)
		}
	}

	q.waiting = others
	return behind
}
