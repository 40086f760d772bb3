package inbound

import (
	"parley/bridge/engine/book"
	"parley/bridge/engine/threads"
	"parley/store"
)

// settleIfStopped is called with the result of a part of a reply. It returns true if the part leaves no more: it was taken back, or an
// edit removed what it carried and then its attempt failed. Nobody has to hear of that, but perhaps the customer has all of the reply
// now.
func (rc *Receipts) settleIfStopped(c *book.Conversation, m *book.Message, part store.DeliveryID) bool {
	rc.Outbox.StopEmptyParts(m)
	d := rc.Outbox.Deliveries[part]
	if d == nil || d.State != store.Cancelled {
		return false
	}
	rc.speech.SettleStopped(c, m)
	return true
}

// awaitOtherParts is called when a part of a reply has landed. It returns true if the reply doesn't count as sent yet, since other parts
// have not landed. If the reply was taken back, its author then learns what the customer has. isNew is false if the part is known to
// have landed before: then that is no news.
func (rc *Receipts) awaitOtherParts(c *book.Conversation, m *book.Message, isNew bool) bool {
	if !rc.Outbox.AwaitOtherParts(m) {
		return false
	}
	if isNew && isTakenBack(m) {
		threads.TellWhatArrived(rc.Writer, c, m)
	}
	return true
}

// isTakenBack reports whether a reply was deleted, undone or edited into something else.
func isTakenBack(m *book.Message) bool {
	switch m.Fate {
	case store.FateUndone, store.FateDropped, store.FateInside, store.FateAsk:
		return true
	default:
		return false
	}
}
