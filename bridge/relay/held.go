package relay

import (
	"sync"

	"parley/store"
)

// lockedConversations knows the conversations whose lanes long batches of this process have locked. The results of
// deliveries in these conversations wait for the batch; all other results are written meanwhile.
type lockedConversations struct {
	mu            sync.Mutex
	conversations map[store.ConversationID]int // conversation → how many batches have its lanes locked
}

func newLockedConversations() *lockedConversations {
	return &lockedConversations{conversations: map[store.ConversationID]int{}}
}

// add notes conversations until remove is called with them.
func (h *lockedConversations) add(ids []store.ConversationID) { h.count(ids, 1) }

func (h *lockedConversations) remove(ids []store.ConversationID) { h.count(ids, -1) }

func (h *lockedConversations) count(ids []store.ConversationID, by int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, id := range ids {
		if h.conversations[id] += by; h.conversations[id] == 0 {
			delete(h.conversations, id)
		}
	}
}

func (h *lockedConversations) has(id store.ConversationID) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.conversations[id] > 0
}
