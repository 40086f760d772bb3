package inbound

import (
	"parley/bridge/engine/book"
	"parley/bridge/engine/threads"
	"parley/store"
)

// hasStopped reports whether the result of a part of a reply says that it leaves no more: it was taken back or, while it was under
// way, an edit removed what it carried, and then the attempt failed. Nobody has to hear of it; perhaps the customer has all of the
// reply now.
func (rc *Receipts) hasStopped(c *book.Conversation, m *book.Message, part store.DeliveryID) bool {
	rc.Outbox.StopEmptyParts(m)
	d := rc.Outbox.Deliveries[part]
	if d == nil || d.State != store.Cancelled {
		return false
	}
	rc.speech.SettleStopped(c, m)
	return true
}

// awaitsOtherParts reports whether a reply of which a part has landed doesn't count as sent by that, since other parts have not landed. If
// the reply was taken back, its author learns what the customer has; but not if the part had landed before (isNew is false): its next
// receipt is no news.
func (rc *Receipts) awaitsOtherParts(c *book.Conversation, m *book.Message, isNew bool) bool {
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
