package engine

import (
	"slices"

	"parley/store"
)

// The result of an attempt is a fact, which may be applied late: meanwhile the message was sent again, or a receipt has
// told more.

// isOldResult reports whether a result is outdated, because the message was sent again before the result arrived.
func (w *work) isOldResult(m *Message, f Fact) bool {
	d := w.Outbox.Delivery(f.Delivery)
	if d == nil {
		return false
	}

	hasNoResult := d.State == store.Queued || d.State == store.Sending || d.State == store.Unknown
	if hasNoResult {
		return true // the result of an earlier attempt: that of the last one would have ended the delivery
	}
	if f.Attempt > 0 && f.Attempt < d.Attempt {
		return true
	}

	// A reply in parts that was parked (held back) with its first part may have been sent again, by new deliveries, before
	// the result of another part arrived.
	parts := w.Outbox.PartsOf(m)
	return len(parts) > 0 && !slices.Contains(parts, d)
}

// hasEndedAs reports whether a receipt that preceded a result has given the delivery one of these states.
func (w *work) hasEndedAs(f Fact, states ...store.DeliveryState) bool {
	d := w.Outbox.Delivery(f.Delivery)
	return d != nil && slices.Contains(states, d.State)
}

// isProvenSent reports whether a receipt that preceded a result proves that the delivery has left.
func (w *work) isProvenSent(f Fact) bool {
	d := w.Outbox.Delivery(f.Delivery)
	return d != nil && d.IsAccepted()
}
