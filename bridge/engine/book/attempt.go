package book

import (
	"time"

	"parley/bridge/engine/outbound"
	"parley/store"
)

// This file tells whether an attempt at a delivery runs: until it ends, nobody knows whether the delivery has left.

// isUnderWay reports whether an attempt runs, or has ended without a known result: then nobody knows whether the customer
// gets what the message said when the attempt began.
func (o *Outbox) isUnderWay(d *Delivery) bool {
	switch d.State {
	case store.Sending, store.Unknown:
		return true
	case store.Queued:
		l := o.Lanes[d.LaneID]
		return l != nil && l.isUnderWay(d.Seq)
	default:
		return false
	}
}

// AttemptPollInterval is the pause between two looks whether an attempt is over.
const AttemptPollInterval = 100 * time.Millisecond

// HasAttemptSince reports whether an attempt at a reply of the conversation runs that began after an event was stored. The
// event has to wait then: an earlier text can't be placed before that reply any more, and the reply can't be taken back. The
// wait is short: an attempt that finds the event in the queue of its thread gives way, and others end within their lease.
func (o *Outbox) HasAttemptSince(c *Conversation, event store.Event) bool {
	for _, d := range o.Deliveries {
		isReplyBeingSent := d.Kind == outbound.KindReply && d.State == store.Sending
		hasLeftPartly := d.Part != 0
		if !isReplyBeingSent || hasLeftPartly {
			continue
		}
		if d.FirstAt == nil || !event.ReceivedAt.Before(*d.FirstAt) {
			continue
		}

		l := o.Lanes[d.LaneID]
		if l == nil || l.ConversationID != c.ID {
			continue
		}
		if l.isUnderWay(d.Seq) && l.LeasedUntil.After(o.DatabaseNow) {
			return true
		}
	}

	return false
}

// HasNotBegun reports whether a delivery waits, and no attempt at it is under way.
func (o *Outbox) HasNotBegun(d *Delivery) bool {
	l := o.Lanes[d.LaneID]
	if l == nil || d.State != store.Queued {
		return false
	}
	return l.LeasedUntil == nil || d.Seq > l.Head+1
}
