package relay

import (
	"sync"

	"parley/store"
)

// lockedConversations are the conversations whose lanes are locked by long batches of this process. Results of deliveries in these
// conversations are put aside until the batch ends (result.go), so that they don't hold up all others.
type lockedConversations struct {
	mu            sync.Mutex
	conversations map[store.ConversationID]int // conversation → how many batches have its lanes locked
}

func newLockedConversations() *lockedConversations {
	return &lockedConversations{conversations: map[store.ConversationID]int{}}
}

// add counts one more batch that has locked the lanes of these conversations. Call remove with the same ids when it ends.
func (l *lockedConversations) add(ids []store.ConversationID) { l.count(ids, 1) }

func (l *lockedConversations) remove(ids []store.ConversationID) { l.count(ids, -1) }

func (l *lockedConversations) count(ids []store.ConversationID, by int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, id := range ids {
		l.conversations[id] += by
		if l.conversations[id] == 0 {
			delete(l.conversations, id)
		}
	}
}

// has reports whether a batch has locked the lanes of a conversation.
func (l *lockedConversations) has(id store.ConversationID) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.conversations[id] > 0
}
