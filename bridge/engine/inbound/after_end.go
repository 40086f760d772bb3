package inbound

import (
	"time"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/channels"
)

// maxReopenAge is how long after it was resolved a conversation is reopened by a message of its customer.
const maxReopenAge = 30 * 24 * time.Hour

// needsNewConversation reports whether a message to a conversation can't go on in it, because that is over, and opens a new
// one. The new one is linked to it if the sender takes part in it. Automatic mail never opens one.
func (it *UseCases) needsNewConversation(c *book.Conversation, in channels.Inbound) bool {
	if in.Automatic != "" || c.BridgeStatus().Open() {
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
