package inbound

import (
	"slices"
	"time"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/channels"
	"parley/store"
)

// maxReopenAge is how long after it was resolved a conversation is reopened by a message of its customer.
const maxReopenAge = 30 * 24 * time.Hour

// needsNewConversation reports whether a message to a conversation can't go on in it, because that is over, and opens a new
// one. The new one is linked to it if the sender takes part in it. What a machine sent never opens one.
func (it *UseCases) needsNewConversation(c *book.Conversation, in channels.Inbound) bool {
	if c.BridgeStatus().Open() || it.isByMachine(c, in) {
		return false
	}
	if c.BridgeStatus() == bridge.StatusClosed {
		return true
	}
	s := it.Settings(c)
	if s.ReplyAfter != "reopen" {
		return true
	}
	return c.ResolvedAt != nil && it.Now.Sub(*c.ResolvedAt) > maxReopenAge
}

// isByMachine reports whether a message counts as sent by a machine: it says so, and is no person's answer all the same.
func (it *UseCases) isByMachine(c *book.Conversation, in channels.Inbound) bool {
	return in.Automatic != "" && !it.isPersonsAnswer(c, in)
}

// isPersonsAnswer reports whether a mail that no automation may react to, such as one that a filter took for spam,
// is a person's all the same: it has the token that only our mails have, and its sender takes part in the conversation.
func (it *UseCases) isPersonsAnswer(c *book.Conversation, in channels.Inbound) bool {
	hasToken := in.Answers.Conversation != 0 && !c.Exclusive
	return hasToken && slices.Contains(store.PersonsReasons(), in.Automatic) && it.TakesPart(c, in)
}
