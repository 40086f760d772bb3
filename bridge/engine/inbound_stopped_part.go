package engine

import (
	"parley/bridge"
	"parley/store"
)

// settleIfStopped is called when a part of a reply, which is one of its deliveries, has a result. It returns true if the
// part won't be sent any more, because somebody took it back, or because an edit removed its content and its attempt
// failed. Parley posts nothing about such a part. If all other parts were sent, the reply counts as sent.
func (w *work) settleIfStopped(c *Conversation, m *Message, part store.DeliveryID) bool {
	w.Outbox.StopEmptyParts(m)
	d := w.Outbox.Delivery(part)
	if d == nil || d.State != store.Cancelled {
		return false
	}
	w.SettleStopped(c, m)
	return true
}

// awaitOtherParts is called when the provider has accepted a part of a reply. It returns true if the reply doesn't count as
// sent yet, because other parts were not accepted. If the reply was taken back, awaitOtherParts tells its author what the
// customer has got. It doesn't if Parley knew of the acceptance before (isNew is false).
func (w *work) awaitOtherParts(c *Conversation, m *Message, isNew bool) bool {
	if !w.Outbox.AwaitOtherParts(m) {
		return false
	}
	if isNew && isTakenBack(m) {
		TellWhatArrived(w.Writer, c, m)
	}
	return true
}

// isTakenBack reports whether a reply was deleted, undone or edited into something else.
func isTakenBack(m *Message) bool {
	switch m.Fate {
	case store.FateUndone, store.FateDropped, store.FateInside, store.FateAsk:
		return true
	default:
		return false
	}
}

// isDeletedUnclear reports whether the author has deleted a reply of which it is unclear whether it has left. Only that is asked about it.
func isDeletedUnclear(m *Message) bool {
	return m.Fate == store.FateUnclear && m.Reason == bridge.ReasonDeleted
}
