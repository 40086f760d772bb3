package engine

import (
	"parley/bridge"
	"parley/store"
	"parley/store/erase"
)

// ErasePosts returns the fact that has posts of a conversation taken out of chats; name is unique for it. Without posts it
// has the first message of the conversation's thread shown again.
func ErasePosts(name string, conversation store.ConversationID, posts []erase.Post) store.NewEvent {
	f := Fact{Kind: Erase, Conversation: conversation}
	for _, p := range posts {
		f.Erase = append(f.Erase, ErasedPost{
			Surface:      p.Account,
			To:           p.Recipient,
			Kind:         bridge.PostKind(p.Kind),
			Conversation: p.Conversation,
			Message:      p.MessageID,
			Place:        bridge.Place{Channel: p.Channel, Thread: p.Thread, Message: p.Message},
		})
	}
	return f.Event(name)
}
