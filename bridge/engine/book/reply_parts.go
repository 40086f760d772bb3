package book

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

// Spans divides files among deliveries, each of at most each files. One nil means all leave in one delivery.
func Spans(files, each int) []*outbound.Span {
	if each <= 0 || files <= each {
		return []*outbound.Span{nil}
	}
	var list []*outbound.Span
	for from := 0; from < files; from += each {
		list = append(list, &outbound.Span{From: from, To: min(from+each, files)})
	}
	return list
}

// PartsOf returns the deliveries of a message's latest sending, in order. Of a part that was sent twice, since the first
// sending was refused, only the later one counts.
func (o *Outbox) PartsOf(m *Message) []*Delivery {
	last := o.ReplyOf(m)
	if last == nil {
		return nil
	}
	parts := []*Delivery{last}
	if last.DecodedPayload().Span == nil {
		return parts
	}
	for _, d := range o.OfMessage[m.ID] {
		if d != last && d.Kind == outbound.KindReply && d.LaneID == last.LaneID && d.OrderBy == last.OrderBy && d.DecodedPayload().Span != nil {
			parts = append(parts, d)
		}
	}
	slices.SortFunc(parts, func(a, b *Delivery) int { return cmp.Compare(a.Seq, b.Seq) })
	return slices.DeleteFunc(slices.Clone(parts), func(d *Delivery) bool {
		return slices.ContainsFunc(parts, func(later *Delivery) bool {
			return d.Seq < later.Seq && d.DecodedPayload().Span.From == later.DecodedPayload().Span.From
		})
	})
}

// FirstPartOf returns the delivery with a message's text.
func (o *Outbox) FirstPartOf(m *Message) *Delivery {
	if parts := o.PartsOf(m); len(parts) > 0 {
		return parts[0]
	}
	return nil
}

// CancelReply takes all parts of a waiting reply back. It returns false when the first part is being sent or was
// sent.
func (o *Outbox) CancelReply(m *Message) bool {
	parts := o.PartsOf(m)
	if len(parts) == 0 || !o.Cancel(parts[0]) {
		return false
	}
	for _, d := range parts[1:] {
		o.Cancel(d)
	}
	return true
}

// CancelPartsWithoutFiles takes back the parts whose files an edit took away.
func (o *Outbox) CancelPartsWithoutFiles(m *Message) {
	for _, d := range o.PartsOf(m) {
		if s := d.DecodedPayload().Span; s != nil && s.From > 0 && s.From >= len(m.Files) {
			o.Cancel(d)
		}
	}
}

// IsReplyUnderWay reports whether an attempt at some part of a reply runs or will be repeated.
func (o *Outbox) IsReplyUnderWay(m *Message) bool {
	return slices.ContainsFunc(o.PartsOf(m), o.isUnderWay)
}

// HasLeftPartly reports whether some part of a reply reached the provider and another may not.
func (o *Outbox) HasLeftPartly(m *Message) bool {
	parts := o.PartsOf(m)
	return len(parts) > 1 && slices.ContainsFunc(parts, func(d *Delivery) bool { return StateRank(d.State) > 0 })
}

// worstFate returns the fate of a message by what became of its deliveries.
func (o *Outbox) worstFate(m *Message) store.Fate {
	fate := store.FateOut
	for _, d := range o.PartsOf(m) {
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

// AwaitOtherParts reports whether a part of a reply landed but others did not, or not yet: the mark waits for them.
// It sets the message's fate to the worst of its parts'.
func (o *Outbox) AwaitOtherParts(m *Message) bool {
	if len(o.PartsOf(m)) < 2 {
		return false
	}
	switch m.Fate {
	case store.FateWaiting, store.FateUnclear, store.FateFailed:
	default:
		return false
	}
	fate := o.worstFate(m)
	if fate == store.FateOut {
		return false
	}
	m.Fate, m.Dirty = fate, true
	return true
}

// DeliveryOf returns the delivery that a result or click is about.
func (o *Outbox) DeliveryOf(m *Message, delivery store.DeliveryID) *Delivery {
	if d := o.Deliveries[delivery]; d != nil && d.MessageID == m.ID {
		return d
	}
	return o.ReplyOf(m)
}

// DeliveryOfReceipt finds the delivery that a receipt is about: by the provider's id where a message
// left in parts.
// Errors: *NotYet while the part's own result may be about to be written.
func (b *Book) DeliveryOfReceipt(m *Message, s *channels.Status) (*Delivery, error) {
	parts := b.Outbox.PartsOf(m)
	if len(parts) < 2 {
		return b.Outbox.ReplyOf(m), nil
	}
	if s.Early {
		return parts[0], nil // only the delivery with the text can have several parts
	}
	for _, d := range parts {
		if d.ExternalID != "" && slices.Contains(s.External, d.ExternalID) {
			return d, nil
		}
	}
	if i := slices.IndexFunc(parts, func(d *Delivery) bool { return d.State == store.Unknown && d.ExternalID == "" }); i >= 0 {
		return parts[i], nil // the one whose answer was lost
	}
	if b.Age() < ResultWait {
		return nil, b.Wait(ResultWait - b.Age())
	}
	return parts[0], nil
}

// ReplyOf finds the delivery of a message to the customer.
func (o *Outbox) ReplyOf(m *Message) *Delivery {
	var found *Delivery
	for _, d := range o.OfMessage[m.ID] {
		if d.Kind == outbound.KindReply && (found == nil || d.Seq > found.Seq) {
			found = d
		}
	}
	return found
}

// ReceiptState returns how far all parts of a sent message came.
func (o *Outbox) ReceiptState(m *Message) bridge.OutcomeState {
	lowest := StateRank(store.Read)
	for _, d := range o.PartsOf(m) {
		lowest = min(lowest, StateRank(d.State))
	}
	return ReceiptOutcome(lowest, len(o.PartsOf(m)) > 0)
}

// ReceiptOutcome returns what is known of a reply that left, by the lowest Rank of its parts; known reports whether it has any.
func ReceiptOutcome(lowest int, known bool) bridge.OutcomeState {
	switch {
	case !known || lowest < StateRank(store.Delivered):
		return bridge.OutcomeSent
	case lowest < StateRank(store.Read):
		return bridge.OutcomeDelivered
	}
	return bridge.OutcomeRead
}

// TakeSentText returns the text that the customer got, if the last attempt at a reply sent what it said
// before an edit. It also drops the earlier texts, which nothing needs after that.
func (o *Outbox) TakeSentText(m *Message) (text string, edited bool) {
	d := o.FirstPartOf(m)
	if d == nil {
		return "", false
	}
	p := d.DecodedPayload()
	earlier := slices.DeleteFunc(p.Earlier, func(e outbound.EarlierText) bool { return e.Attempt != d.Attempt })
	if len(p.Earlier) > 0 {
		p.Earlier = nil
		d.SetPayload(p)
	}
	if len(earlier) == 0 || d.Progress == bridge.TextMark(m.Text) {
		return "", false
	}
	at := slices.IndexFunc(earlier, func(e outbound.EarlierText) bool { return bridge.TextMark(e.Text) == d.Progress })
	text = earlier[max(at, 0)].Text // if the process ended before it noted which text it sent: the one of when the attempt began
	return text, text != m.Text
}
