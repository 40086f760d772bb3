package engine

import (
	"cmp"
	"slices"

	"parley/bridge"
	"parley/bridge/engine/outbound"
	"parley/channels"
	"parley/store"
)

// A reply with more files than the channel takes in a message leaves as several deliveries,
// which follow each other in the lane: the text with the first files, then the others. Each
// has its own receipt; the fate of the message is the worst of theirs.

// spans divides files among deliveries, each of at most each files. One nil = all leave in one delivery.
func spans(files, each int) []*outbound.Span {
	if each <= 0 || files <= each {
		return []*outbound.Span{nil}
	}
	var list []*outbound.Span
	for from := 0; from < files; from += each {
		list = append(list, &outbound.Span{From: from, To: min(from+each, files)})
	}
	return list
}

// partsOf gives the deliveries of a message's latest sending, in order.
func (o *outbox) partsOf(m *message) []*delivery {
	last := o.replyOf(m)
	if last == nil {
		return nil
	}
	parts := []*delivery{last}
	if last.payload().Span == nil {
		return parts
	}
	for _, d := range o.ofMessage[m.ID] {
		if d != last && d.Kind == outbound.KindReply && d.LaneID == last.LaneID && d.OrderBy == last.OrderBy && d.payload().Span != nil {
			parts = append(parts, d)
		}
	}
	slices.SortFunc(parts, func(a, b *delivery) int { return cmp.Compare(a.Seq, b.Seq) })
	return parts
}

// firstOf gives the delivery with a message's text.
func (o *outbox) firstOf(m *message) *delivery {
	if parts := o.partsOf(m); len(parts) > 0 {
		return parts[0]
	}
	return nil
}

// cancelReply takes all parts of a waiting reply back. It says no when the first part is being sent or was
// sent.
func (o *outbox) cancelReply(m *message) bool {
	parts := o.partsOf(m)
	if len(parts) == 0 || !o.cancel(parts[0]) {
		return false
	}
	for _, d := range parts[1:] {
		o.cancel(d)
	}
	return true
}

// dropParts takes back the parts whose files an edit took away.
func (o *outbox) dropParts(m *message) {
	for _, d := range o.partsOf(m) {
		if s := d.payload().Span; s != nil && s.From > 0 && s.From >= len(m.Files) {
			o.cancel(d)
		}
	}
}

// underWayReply says that an attempt at some part of a reply runs or will be repeated.
func (o *outbox) underWayReply(m *message) bool {
	return slices.ContainsFunc(o.partsOf(m), o.underWay)
}

// leftInParts says that some part of a reply reached the provider and another may not.
func (o *outbox) leftInParts(m *message) bool {
	parts := o.partsOf(m)
	return len(parts) > 1 && slices.ContainsFunc(parts, func(d *delivery) bool { return rank(d.State) > 0 })
}

// worst gives the fate of a message by what became of its deliveries.
func (o *outbox) worst(m *message) store.Fate {
	fate := store.FateOut
	for _, d := range o.partsOf(m) {
		switch d.State {
		case store.NeedsDecision:
			return store.FateUnclear
		case store.Failed:
			fate = store.FateFailed
		case store.Queued, store.Sending, store.Unknown:
			if fate == store.FateOut {
				fate = store.FateWaiting
			}
		}
	}
	return fate
}

// partLanded says that a part of a reply landed but others did not, or not yet: the mark waits for them.
// It sets the message's fate to the worst of its parts'.
func (o *outbox) partLanded(m *message) bool {
	if len(o.partsOf(m)) < 2 {
		return false
	}
	switch m.Fate {
	case store.FateWaiting, store.FateUnclear, store.FateFailed:
	default:
		return false
	}
	fate := o.worst(m)
	if fate == store.FateOut {
		return false
	}
	m.Fate, m.dirty = fate, true
	return true
}

// deliveryOf gives the delivery that a result or click is about.
func (o *outbox) deliveryOf(m *message, delivery int64) *delivery {
	if d := o.deliveries[delivery]; d != nil && d.MessageID == m.ID {
		return d
	}
	return o.replyOf(m)
}

// partName names the file that a delivery carries, if it is a part of a reply without the text; else "".
func (th *threads) partName(m *message, d *delivery) string {
	if d == nil {
		return ""
	}
	if s := d.payload().Span; s != nil && s.From > 0 && s.From < len(m.Files) {
		return m.Files[s.From].Name
	}
	return ""
}

// receiptOf finds the delivery that a receipt is about: by the provider's id where a message
// left in parts.
// Errors: notYet while the part's own result may be about to be written.
func (b *book) receiptOf(m *message, s *channels.Status) (*delivery, error) {
	parts := b.outbox.partsOf(m)
	if len(parts) < 2 {
		return b.outbox.replyOf(m), nil
	}
	if s.Early {
		return parts[0], nil // only the delivery with the text can have several parts
	}
	for _, d := range parts {
		if d.ExternalID != "" && slices.Contains(s.External, d.ExternalID) {
			return d, nil
		}
	}
	if i := slices.IndexFunc(parts, func(d *delivery) bool { return d.State == store.Unknown && d.ExternalID == "" }); i >= 0 {
		return parts[i], nil // the one whose answer was lost
	}
	if b.age() < resultWait {
		return nil, b.wait(resultWait - b.age())
	}
	return parts[0], nil
}

// replyOf finds the delivery of a message to the customer.
func (o *outbox) replyOf(m *message) *delivery {
	var found *delivery
	for _, d := range o.ofMessage[m.ID] {
		if d.Kind == outbound.KindReply && (found == nil || d.Seq > found.Seq) {
			found = d
		}
	}
	return found
}

// receiptState tells how far all parts of a sent message came.
func (o *outbox) receiptState(m *message) bridge.OutcomeState {
	lowest := rank(store.Read)
	for _, d := range o.partsOf(m) {
		lowest = min(lowest, rank(d.State))
	}
	switch {
	case len(o.partsOf(m)) == 0 || lowest < rank(store.Delivered):
		return bridge.OutcomeSent
	case lowest < rank(store.Read):
		return bridge.OutcomeDelivered
	}
	return bridge.OutcomeRead
}
