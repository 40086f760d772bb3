package outbound

import (
	"slices"

	"parley/store"
)

// Threads are threads by their conversation.
type Threads map[store.ConversationID][]*store.Thread

// Add puts threads to those of their conversations.
func (l Threads) Add(threads []store.Thread) {
	for i := range threads {
		l[threads[i].ConversationID] = append(l[threads[i].ConversationID], &threads[i])
	}
}

// At returns a conversation's thread in a surface; nil if it has none there.
func (l Threads) At(surface store.AccountID, conversation store.ConversationID) *store.Thread {
	for _, t := range l[conversation] {
		if t.AccountID == surface {
			return t
		}
	}
	return nil
}

// surfacesOf returns the surfaces in which a conversation has threads, in ascending order.
func (l Threads) surfacesOf(conversation store.ConversationID) (list []store.AccountID) {
	for _, t := range l[conversation] {
		list = append(list, t.AccountID)
	}
	slices.Sort(list)
	return list
}
