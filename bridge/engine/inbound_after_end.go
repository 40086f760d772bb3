package engine

import (
	"slices"
	"time"

	"parley/bridge"
	"parley/channels"
	"parley/store"
)

// maxReopenAge is how long after it was resolved a conversation is reopened by a message of its customer.
const maxReopenAge = 30 * 24 * time.Hour

// needsNewConversation reports whether a message to a conversation that is over opens a new one. It is false if the message reopens
// the conversation, and for what a machine sent, which never opens one.
func (w *work) needsNewConversation(c *Conversation, in channels.Inbound) bool {
	if c.BridgeStatus().Open() || w.isByMachine(c, in) {
		return false
	}
	if c.BridgeStatus() == bridge.StatusClosed {
		return true
	}
	s := w.Settings(c)
	if s.ReplyAfter != "reopen" {
		return true
	}
	return c.ResolvedAt != nil && w.Now.Sub(*c.ResolvedAt) > maxReopenAge
}

// isByMachine reports whether a message counts as sent by a machine: it looks automatic, and isn't a person's in spite of that. A
// person's mail may look so, for example because a filter took it for spam. Then it has the token that only our mails have, and
// its sender takes part in the conversation.
func (w *work) isByMachine(c *Conversation, in channels.Inbound) bool {
	hasToken := in.Answers.Conversation != 0 && !c.Exclusive
	isPersons := hasToken && slices.Contains(store.PersonsReasons(), in.Automatic) && w.TakesPart(c, in)
	return in.Automatic != "" && !isPersons
}
