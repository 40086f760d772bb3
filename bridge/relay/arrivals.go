package relay

import (
	"sync"

	"parley/store"
)

const (
	maxStoreBatch  = 64       // facts that one commit stores
	maxQueued      = 1024     // facts waiting to be stored
	maxQueuedBytes = 32 << 20 // their payloads together
	crowd          = 8        // when more callers of Accept than this wait, they pile up
)

// acceptQueue holds the facts of callers of Accept until a batch takes them to be stored (see journalWriter). Facts with
// the same order key must be stored in the order in which they came, so those of one key are never in two batches that
// are stored at the same time.
type acceptQueue struct {
	wake chan struct{} // holds one signal: there may be something to store

	mu          sync.Mutex
	waiting     []*arrival
	storingKeys map[string]bool // the order keys of the batches that are being stored
	bytes       int64           // the size of all payloads in waiting
	callers     int             // callers of Accept that wait
	closed      bool
}

// arrival is one fact on its way into the journal.
type arrival struct {
	event store.NewEvent
	done  chan error // has room for the one answer that Accept waits for
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

	if q.closed || !q.hasRoomLocked(len(arrivals), bytes) {
		return false
	}

	q.waiting = append(q.waiting, arrivals...)
	q.bytes += bytes
	q.callers++
	sendSignal(q.wake)
	return true
}

// hasRoomLocked reports whether further facts may wait. An empty queue takes any number: otherwise large ones could never
// be accepted.
func (q *acceptQueue) hasRoomLocked(facts int, bytes int64) bool {
	if len(q.waiting) == 0 {
		return true
	}
	return len(q.waiting)+facts <= maxQueued && q.bytes+bytes <= maxQueuedBytes
}

// callerLeft notes that a caller of Accept waits no longer. Call it once for each add that returned true.
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

// close makes add refuse everything from now on. It takes out all that still waits, which the caller has to answer.
func (q *acceptQueue) close() []*arrival {
	q.mu.Lock()
	defer q.mu.Unlock()
	waiting := q.waiting
	q.closed = true
	q.waiting = nil // withdrawBehind must not give them out as well
	return waiting
}

// takeBatch takes the next batch, which may be empty. It leaves facts whose order key is in a batch that is being
// stored. So call release after each batch.
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

// withdrawBehind takes out all facts that wait and have the order key of a fact that could not be stored: otherwise they
// would be stored before it. The sources bring all of them again. Call withdrawBehind before any of these sources is
// answered, because it may bring its facts again at once.
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
