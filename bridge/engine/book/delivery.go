package book

import (
	"cmp"
	"slices"

	"parley/bridge"
	"parley/bridge/engine/outbound"
	"parley/store"
)

// Delivery is a delivery that a batch has loaded or made: one reply on its way to a customer, or one post on its way into a
// chat. What it carries is its payload.
type Delivery struct {
	store.Delivery
	decoded      *outbound.Payload // what Payload holds, decoded; nil until DecodedPayload is called
	Fresh, Dirty bool              // it is new in this batch; the batch changed it
}

// DecodedPayload returns what a delivery carries. It decodes the row's bytes once.
func (d *Delivery) DecodedPayload() outbound.Payload {
	if d.decoded == nil {
		p := outbound.PayloadOf(&d.Delivery)
		d.decoded = &p
	}
	return *d.decoded
}

// SetPayload changes what a delivery carries.
func (d *Delivery) SetPayload(p outbound.Payload) {
	d.Payload, d.Dirty = bridge.JSON(p), true
	d.decoded = nil
}

// noteID notes the provider's id of a delivery whose id isn't known yet, so that later receipts with that id find the delivery.
func (d *Delivery) noteID(external []string) {
	if d.ExternalID == "" && len(external) > 0 {
		d.ExternalID, d.Dirty = external[0], true
	}
}

// NotePiece notes, by a receipt, that one piece of a delivery has arrived and that others follow. It changes the delivery as
// the result of the piece's attempt would, which is missing. external are the provider's ids of the piece.
func (d *Delivery) NotePiece(external []string) {
	p := d.DecodedPayload()
	p.Uncounted = d.Attempt // attempts at earlier pieces don't count
	d.SetPayload(p)
	d.Part++
	d.AbsentAt, d.ErrorClass, d.ErrorText = nil, "", ""
	if len(external) > 0 {
		d.ExternalID = external[0]
	}
}

// mayHaveLeft reports whether a reply that waits for its next attempt may have left by an earlier one. That is so if nobody
// knew it when a click sent the reply again, and the provider was not found to lack it since.
func (d *Delivery) mayHaveLeft() bool {
	wasUnclear := d.Kind == outbound.KindReply && d.State == store.Queued && d.DecodedPayload().Unclear
	isKnownAbsent := d.AbsentAt != nil && d.SentAt != nil && d.AbsentAt.After(*d.SentAt)
	return wasUnclear && !isKnownAbsent
}

// MakeJoinable lets a delivery leave as one message with its neighbours in the lane that have the same key. runes is the
// length of this delivery; room is the longest message, which must not be 0.
func (d *Delivery) MakeJoinable(key string, runes, room int) {
	rounded := (runes*store.JoinRoom + room - 1) / room // up, so that joined deliveries surely fit
	tooLarge := store.JoinRoom + 1                      // more than any message holds: it joins nothing
	d.JoinKey, d.JoinSize = key, min(rounded, tooLarge)
}

// StateRank orders how far a delivery has come, as its receipts tell: a lower state never replaces a higher one. States
// before the provider accepted it, and failures, have rank 0.
func StateRank(state store.DeliveryState) int {
	switch state {
	case store.Accepted:
		return 1
	case store.Sent:
		return 2
	case store.Delivered:
		return 3
	case store.Read:
		return 4
	default:
		return 0
	}
}

// IsAccepted reports whether the provider has a delivery for certain, by its answer or by a receipt.
func (d *Delivery) IsAccepted() bool { return StateRank(d.State) > 0 }

// RunOf returns a delivery and those that left with it as one message, in the order of their lane. Only its last attempt
// counts: deliveries that left with an earlier attempt are not among them.
func (o *Outbox) RunOf(d *Delivery) []*Delivery {
	run := []*Delivery{d}
	if d.SentAt == nil {
		return run
	}

	for _, other := range o.Deliveries {
		if other.Joined != d.ID || other.SentAt == nil {
			continue
		}
		if other.SentAt.Equal(*d.SentAt) {
			run = append(run, other)
		}
	}

	slices.SortFunc(run, func(a, b *Delivery) int { return cmp.Compare(a.Seq, b.Seq) })
	return run
}

// SetLine changes a line that still waits to be posted.
func (d *Delivery) SetLine(line bridge.Line) {
	p := d.DecodedPayload()
	p.Line = &line
	d.SetPayload(p)
}
