package relay

import (
	"sync"

	"parley/store"
)

const (
	maxBatch  = 64
	maxQueued = 1024     // facts waiting to be stored
	maxBytes  = 32 << 20 // their payloads together
)

// acceptQueue holds facts that wait for the running commits.
type acceptQueue struct {
	mu      sync.Mutex
	waiting []*arrival
	storing map[string]bool // the order keys of the batches that are being stored
	bytes   int64
	inside  int // callers of Accept that wait
	closed  bool
	wake    chan struct{}
}

// arrival is one fact on its way into the journal.
type arrival struct {
	event store.NewEvent
	done  chan error
}

func newAcceptQueue() *acceptQueue {
	return &acceptQueue{storing: map[string]bool{}, wake: make(chan struct{}, 1)}
}

// add queues arrivals together, or none of them.
func (q *acceptQueue) add(arrivals []*arrival) bool {
	var bytes int64
	for _, a := range arrivals {
		bytes += int64(len(a.event.Payload))
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed || len(q.waiting) > 0 && (len(q.waiting)+len(arrivals) > maxQueued || q.bytes+bytes > maxBytes) {
		return false
	}
	q.waiting = append(q.waiting, arrivals...)
	q.bytes += bytes
	q.inside++
	signal(q.wake)
	return true
}

func (q *acceptQueue) leave() {
	q.mu.Lock()
	q.inside--
	q.mu.Unlock()
}

// busy says that callers of Accept pile up, so that appliers should give way for a moment.
func (q *acceptQueue) busy() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.inside > 8
}

// close refuses everything from now on, and takes all that still waits.
func (q *acceptQueue) close() []*arrival {
	q.mu.Lock()
	defer q.mu.Unlock()
	waiting := q.waiting
	q.closed, q.waiting, q.bytes = true, nil, 0
	return waiting
}

// take takes the next batch, which may be empty. Facts whose order key is that of a batch under way wait
// for its end, so that they are stored behind it: call stored after each batch.
func (q *acceptQueue) take() []*arrival {
	q.mu.Lock()
	defer q.mu.Unlock()
	var batch, rest []*arrival
	for i, a := range q.waiting {
		if len(batch) == maxBatch {
			rest = append(rest, q.waiting[i:]...)
			break
		}
		if q.storing[a.event.OrderKey] {
			rest = append(rest, a)
			continue
		}
		batch = append(batch, a)
		q.bytes -= int64(len(a.event.Payload))
	}
	q.waiting = rest
	for _, a := range batch {
		q.storing[a.event.OrderKey] = true
	}
	return batch
}

// stored lets facts with the order keys of a batch be taken again.
func (q *acceptQueue) stored(batch []*arrival) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, a := range batch {
		delete(q.storing, a.event.OrderKey)
	}
	signal(q.wake)
}

// withdraw takes out what waits behind facts that could not be stored and has their order keys: it would be stored before
// them. Their sources bring both again. They may do so as soon as they are answered, which must come after this.
func (q *acceptQueue) withdraw(failed ...*arrival) (behind []*arrival) {
	keys := map[string]bool{}
	for _, a := range failed {
		keys[a.event.OrderKey] = true
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	var others []*arrival
	for _, a := range q.waiting {
		if keys[a.event.OrderKey] {
			behind, q.bytes = append(behind, a), q.bytes-int64(len(a.event.Payload))
		} else {
			others = append(others, a)
		}
	}
	q.waiting = others
	return behind
}
