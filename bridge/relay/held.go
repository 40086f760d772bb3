package relay

import (
	"sync"
	"time"

	"parley/store"
)

const (
	// muchOfOne is how many events of one account make a batch long. A result of a delivery whose lane a
	// short batch has locked isn't put aside: the turn that writes it waits for the batch.
	muchOfOne = 32
	// asideFor is how long results wait at most for batches that hold their lanes.
	asideFor = 100 * time.Millisecond
	// asideEvery is the pause between two looks whether the batches have ended.
	asideEvery = 5 * time.Millisecond
)

// held knows the conversations whose lanes long batches of this process have locked. The results of
// deliveries in these conversations wait for the batch; all other results are written meanwhile.
type held struct {
	mu            sync.Mutex
	conversations map[store.ConversationID]int // conversation → how many batches have its lanes locked
}

func newHeld() *held { return &held{conversations: map[store.ConversationID]int{}} }

// add notes conversations until remove is called with them.
func (h *held) add(ids []store.ConversationID) { h.count(ids, 1) }

func (h *held) remove(ids []store.ConversationID) { h.count(ids, -1) }

func (h *held) count(ids []store.ConversationID, by int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, id := range ids {
		if h.conversations[id] += by; h.conversations[id] == 0 {
			delete(h.conversations, id)
		}
	}
}

func (h *held) has(id store.ConversationID) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.conversations[id] > 0
}

// putAside sorts the results: those whose lanes a long batch has locked are put aside until the batch
// ends or they have waited for asideFor; all others are to be written now.
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
