package engine

import "parley/store"

// Threads are threads by their conversation.
type Threads map[store.ConversationID][]*store.Thread

// Add puts threads to those of their conversations.
func (l Threads) Add(threads []store.Thread) {
	for i := range threads {
		l[threads[i].ConversationID] = append(l[threads[i].ConversationID], &threads[i])
	}
}

// ThreadIn returns a conversation's thread in a surface; nil if it has none there.
func (l Threads) ThreadIn(surface store.AccountID, conversation store.ConversationID) *store.Thread {
	for _, t := range l[conversation] {
		if t.AccountID == surface {
			return t
		}
	}
	return nil
}

// Home returns the thread in which a conversation is worked on, as directory.HomeAmong chooses it; nil if there is none.
func (l Threads) Home(dir *Directory, c *store.Conversation) *store.Thread {
	account := dir.Account(c.AccountID)
	if account == nil {
		return nil
	}
	channels := map[store.AccountID]string{}
	for _, t := range l[c.ID] {
		channels[t.AccountID] = t.Channel
	}
	return l.ThreadIn(dir.HomeAmong(account, c, channels), c.ID)
}
