package outbound

import (
	"slices"

	"parley/bridge/engine/directory"
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

// Home returns the thread in which a conversation is worked on, as directory.HomeAmong chooses it; nil if there is none.
func (l Threads) Home(dir *directory.Directory, c *store.Conversation) *store.Thread {
	account := dir.Account(c.AccountID)
	if account == nil {
		return nil
	}
	return l.At(dir.HomeAmong(account, c.TeamID, l.surfacesOf(c.ID)), c.ID)
}
