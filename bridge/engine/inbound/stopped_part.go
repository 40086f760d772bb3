package inbound

import (
	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/threads"
	"parley/store"
)

// settleIfStopped is called with the result of a part of a reply, one of its deliveries. It returns true if the part doesn't leave any
// more, because it was taken back, or because an edit removed what it carried and then its attempt failed. Nobody is told of that, but
// if all other parts have left, the customer has the reply now.
func (rc *Receipts) settleIfStopped(c *book.Conversation, m *book.Message, part store.DeliveryID) bool {
	rc.Outbox.StopEmptyParts(m)
	d := rc.Outbox.Deliveries[part]
	if d == nil || d.State != store.Cancelled {
		return false
	}
	rc.speech.SettleStopped(c, m)
	return true
}

// awaitOtherParts is called when a part of a reply has landed. It returns true if the reply doesn't count as sent yet, because other
// parts have not landed. If the reply was taken back, it tells the author what the customer has, unless the part was known to have
// landed before (isNew is false).
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

// isDeletedUnclear reports whether the author has deleted a reply of which it is unclear whether it has left. Only that is asked about it.
func isDeletedUnclear(m *book.Message) bool {
	return m.Fate == store.FateUnclear && m.Reason == bridge.ReasonDeleted
}
