package engine

import (
	"cmp"
	"slices"

	"parley/bridge"
	"parley/store"
)

// A reply with more files than the channel takes in one message leaves as several deliveries, its parts: the text with
// the first files, then the others (see Parts). Each part has its own receipt, and the fate of the message is the worst
// of its parts'. A part may itself leave in several pieces, which are the messages that the channel makes of it.

// Spans divides files among deliveries of at most each files: Spans(12, 10) is 0–10 and 10–12. If one delivery is
// enough, its span is nil.
func Spans(files, each int) []*Span {
	if each <= 0 || files <= each {
		return []*Span{nil}
	}
	var list []*Span
	for from := 0; from < files; from += each {
		list = append(list, &Span{From: from, To: min(from+each, files)})
	}
	return list
}

// PartsOf returns the deliveries of a message from the latest time it was sent, in order. If a part was sent again
// because it was refused, only the later delivery counts.
func (o *Outbox) PartsOf(m *Message) Parts {
	last := o.ReplyOf(m)
	if last == nil {
		return nil
	}

	parts := Parts{last}
	if last.DecodedPayload().Span == nil {
		return parts
	}

	for _, d := range o.OfMessage[m.ID] {
		isOtherReply := d != last && d.Kind == KindReply
		isOfSameSending := d.LaneID == last.LaneID && d.OrderBy == last.OrderBy
		if !isOtherReply || !isOfSameSending {
			continue
		}
		if d.DecodedPayload().Span != nil {
			parts = append(parts, d)
		}
	}

	wasSentAgain := func(d *Delivery) bool {
		return slices.ContainsFunc(parts, func(later *Delivery) bool {
			return d.Seq < later.Seq && d.DecodedPayload().Span.From == later.DecodedPayload().Span.From
		})
	}
	latest := slices.DeleteFunc(slices.Clone(parts), wasSentAgain)
	slices.SortFunc(latest, func(a, b *Delivery) int { // not by Seq: a part that is sent again may come after the others in the lane
		return cmp.Compare(a.DecodedPayload().Span.From, b.DecodedPayload().Span.From)
	})
	return latest
}

// FirstPartOf returns the first part of a message, which has its text, or nil.
func (o *Outbox) FirstPartOf(m *Message) *Delivery {
	if parts := o.PartsOf(m); len(parts) > 0 {
		return parts[0]
	}
	return nil
}

// CancelReply cancels all parts of a waiting reply. It returns false, and changes nothing, in these cases:
//   - No part can be taken back.
//   - The first part can't be taken back, unless it has failed and nothing of the reply has left or may be leaving.
func (o *Outbox) CancelReply(m *Message) bool {
	parts := o.PartsOf(m)
	if !slices.ContainsFunc(parts, o.CanBeTakenBack) {
		return false
	}
	if !o.CanBeTakenBack(parts[0]) && !parts.haveAllStopped(o) {
		return false
	}
	for _, d := range parts {
		o.Cancel(d)
	}
	return true
}

// StopEmptyParts cancels the parts, including failed ones, that an edit has emptied. It reports whether there were any.
func (o *Outbox) StopEmptyParts(m *Message) bool {
	isStopped := false
	for _, d := range o.PartsOf(m) {
		if isEmpty(m, d) && (d.State == store.Failed || o.CanBeTakenBack(d)) {
			o.Cancel(d)
			d.State, d.Dirty = store.Cancelled, true // even if it has failed, or if Cancel has set NeedsDecision
			isStopped = true
		}
	}
	return isStopped
}

// IsReplyUnderWay reports whether an attempt at a part of a reply is running, or has ended without a known result.
func (o *Outbox) IsReplyUnderWay(m *Message) bool {
	return slices.ContainsFunc(o.PartsOf(m), o.isUnderWay)
}

// IsBetweenPieces reports whether a piece of a delivery has left, and the next one is queued.
func (o *Outbox) IsBetweenPieces(d *Delivery) bool {
	return hasPieceLeft(d) && d.State == store.Queued && !o.isUnderWay(d)
}

// IsWithinPieces reports whether a piece of a delivery has left, and the next one is queued or being sent.
func (d *Delivery) IsWithinPieces() bool { return hasPieceLeft(d) && Parts{d}.AreLeaving() }

// canBeChanged reports whether the content of a delivery can still be changed: nothing of it has left or is leaving.
func (o *Outbox) canBeChanged(d *Delivery) bool {
	return d.Part == 0 && hasEnded(d) || o.CanBeTakenBack(d)
}

// IsUnsent reports whether certainly nothing of a reply has left: all parts have ended, or can be taken back.
func (o *Outbox) IsUnsent(m *Message) bool {
	parts := o.PartsOf(m)
	return parts.haveAllStopped(o) && !parts.MayHaveLeft()
}

// haveAllStopped reports whether all parts have ended or can be taken back, and no piece of them has left.
func (ps Parts) haveAllStopped(o *Outbox) bool {
	return !slices.ContainsFunc(ps, func(d *Delivery) bool {
		return d.Part > 0 || !hasEnded(d) && !o.CanBeTakenBack(d)
	})
}

// AwaitOtherParts is called when the provider has accepted a part of a reply. If it has not accepted all parts yet,
// AwaitOtherParts sets the message's fate to the worst of its parts' and returns true: the message counts as sent
// only when all parts are.
func (o *Outbox) AwaitOtherParts(m *Message) bool {
	parts := o.PartsOf(m)
	if len(parts) < 2 {
		return false
	}

	fate := parts.worstFate()
	switch m.Fate {
	case store.FateWaiting, store.FateUnclear, store.FateFailed:
	case store.FateUndone, store.FateDropped, store.FateInside, store.FateAsk: // it was taken back: no waiting part leaves
		hasNoTrouble := fate == store.FateOut || fate == store.FateWaiting
		customerHasText := hasNoTrouble && parts.TextHasLeft()
		return !customerHasText // the message keeps its fate until the customer has its text
	default:
		return false
	}

	if fate == store.FateOut {
		return false
	}

	m.Fate, m.Dirty = fate, true
	return true
}

// DeliveryOf returns the delivery of a message that a result or a click names, or else the latest one to the customer.
func (o *Outbox) DeliveryOf(m *Message, delivery store.DeliveryID) *Delivery {
	named := o.Delivery(delivery)
	if named != nil && named.MessageID == m.ID {
		return named
	}
	return o.ReplyOf(m)
}

// ReplyOf returns the last delivery of a message to the customer, or nil.
func (o *Outbox) ReplyOf(m *Message) *Delivery {
	var found *Delivery
	for _, d := range o.OfMessage[m.ID] {
		isLatest := found == nil || d.Seq > found.Seq
		if isLatest && d.Kind == KindReply {
			found = d
		}
	}
	return found
}

// ReceiptState returns how far a sent message has come. The slowest part counts.
func (o *Outbox) ReceiptState(m *Message) bridge.OutcomeState {
	lowest := StateRank(store.Read)
	for _, d := range o.PartsOf(m) {
		lowest = min(lowest, StateRank(d.State))
	}
	return ReceiptOutcome(lowest, len(o.PartsOf(m)) > 0)
}

// ReceiptOutcome returns how far a sent reply has come. lowest is the lowest StateRank of its parts; known is false
// if it has none.
func ReceiptOutcome(lowest int, known bool) bridge.OutcomeState {
	if !known || lowest < StateRank(store.Delivered) {
		return bridge.OutcomeSent
	}
	if lowest < StateRank(store.Read) {
		return bridge.OutcomeDelivered
	}
	return bridge.OutcomeRead
}
