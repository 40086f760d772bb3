package relay

import (
	"sync"
	"time"
)

const (
	// muchOfOne is how many events of one account make a batch long. What becomes of deliveries that
	// a short batch has locked waits for it with all others: they are written together then.
	muchOfOne = 32
	// asideFor is how long results wait at most for batches that hold their lanes.
	asideFor = 100 * time.Millisecond
	// asideEvery is how often it is looked again.
	asideEvery = 5 * time.Millisecond
)

// held knows the conversations of which long batches of this process have the lanes locked. The
// result of a delivery in one of them waits for the batch, but not the results of all others.
type held struct {
	mu            sync.Mutex
	conversations map[int64]int // by how many batches
}

func newHeld() *held { return &held{conversations: map[int64]int{}} }

// add notes conversations until remove is called with them.
func (h *held) add(ids []int64) { h.count(ids, 1) }

func (h *held) remove(ids []int64) { h.count(ids, -1) }

func (h *held) count(ids []int64, by int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, id := range ids {
		if h.conversations[id] += by; h.conversations[id] == 0 {
			delete(h.conversations, id)
		}
	}
}

func (h *held) has(id int64) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.conversations[id] > 0
}

// putAside leaves out results whose lanes a batch has locked, until the batch ends, or they waited
// long enough.
func (d *dispatcher) putAside() {
	now := time.Now()
	all := append(d.aside, d.done...)
	d.aside, d.done = nil, nil
	for _, r := range all {
		if r.since.IsZero() {
			r.since = now
		}
		if d.locked.has(r.claim.ConversationID) && now.Sub(r.since) < asideFor {
			d.aside = append(d.aside, r)
		} else {
			d.done = append(d.done, r)
		}
	}
}
