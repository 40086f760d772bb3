package engine

import (
	"cmp"
	"slices"

	"parley/bridge"
	"parley/store"
)

// Delivery is a delivery that a batch has loaded or made: one reply on its way to a customer, or one post on its way
// into a chat of agents. A lane is the queue in which it waits.
//
// Part counts the pieces that have left, since a channel may send one delivery as several messages. Several
// deliveries can also leave as one message, a run: all but the first then name the first in Joined.
type Delivery struct {
	store.Delivery
	decoded      *Payload // cache of DecodedPayload
	Fresh, Dirty bool     // it is new in this batch; the batch changed it
	runRead      bool     // see RunOf
}

// DecodedPayload returns the decoded Payload, which is decoded once.
func (d *Delivery) DecodedPayload() Payload {
	if d.decoded == nil {
		p := PayloadOf(&d.Delivery)
		d.decoded = &p
	}
	return *d.decoded
}

// SetPayload replaces the payload.
func (d *Delivery) SetPayload(p Payload) {
	d.Payload, d.Dirty = bridge.JSON(p), true
	d.decoded = nil
}

// noteID stores the provider's id of a delivery whose id isn't known, so that later receipts with that id find the
// delivery.
func (d *Delivery) noteID(external []string) {
	if d.ExternalID == "" && len(external) > 0 {
		d.ExternalID, d.Dirty = external[0], true
	}
}

// NotePiece records, from a receipt, that one piece of a delivery has arrived and that more pieces follow. It changes the
// delivery as the missing result of the piece's attempt would have done. external are the provider's ids of the piece.
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

// mayHaveLeft reports whether a queued reply may already have left by an earlier attempt. That is so if its state was
// unclear when a click sent it again, and the provider has not been found to lack it since.
func (d *Delivery) mayHaveLeft() bool {
	wasUnclear := d.Kind == KindReply && d.State == store.Queued && d.DecodedPayload().Unclear
	isKnownAbsent := d.AbsentAt != nil && d.SentAt != nil && d.AbsentAt.After(*d.SentAt)
	return wasUnclear && !isKnownAbsent
}

// MakeJoinable allows a delivery to leave as one message with neighbours in its lane that have the same key. runes is
// the length of this delivery; room is the maximum length of a message and must not be 0.
func (d *Delivery) MakeJoinable(key string, runes, room int) {
	rounded := (runes*store.JoinRoom + room - 1) / room // rounded up, so that joined deliveries always fit
	tooLarge := store.JoinRoom + 1                      // exceeds any message, so that it joins nothing
	d.JoinKey, d.JoinSize = key, min(rounded, tooLarge)
}

// StateRank orders states by how far a delivery has come according to its receipts. A state never replaces one of
// higher rank. Failures, and states before the provider accepted the delivery, have rank 0.
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

// IsAccepted reports whether the provider certainly has the delivery, by its response or by a receipt.
func (d *Delivery) IsAccepted() bool { return StateRank(d.State) > 0 }

// RunOf returns a delivery and those that left with it as one message, in the order of their lane. Deliveries that
// left with an earlier attempt than its last one are not included.
func (o *Outbox) RunOf(d *Delivery) []*Delivery {
	run := []*Delivery{d}
	if d.SentAt == nil {
		return run
	}
	if !d.runRead && !d.Fresh {
		o.readRuns([]store.DeliveryID{d.ID})
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

// SetLine replaces the line (a remark by Parley) of a post that is still queued.
func (d *Delivery) SetLine(line bridge.Line) {
	p := d.DecodedPayload()
	p.Line = &line
	d.SetPayload(p)
}
