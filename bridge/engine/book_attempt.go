package engine

import (
	"time"

	"parley/store"
)

// An attempt is one try to send a delivery (a reply or a post). While it runs, and after its answer was lost, nobody
// knows whether the delivery has left, so that it must not be changed. This file detects such attempts.

// isUnderWay reports whether an attempt at a delivery is running, or has ended without a known result.
func (o *Outbox) isUnderWay(d *Delivery) bool {
	switch d.State {
	case store.Sending, store.Unknown:
		return true
	case store.Queued:
		lane := o.Lanes[d.LaneID]
		return lane != nil && lane.isUnderWay(d.Seq)
	default:
		return false
	}
}

// AttemptPollInterval is how often to check whether an attempt has ended.
const AttemptPollInterval = 100 * time.Millisecond

// HasAttemptSince reports whether an attempt at one of the conversation's replies is running that began after an
// event was stored. Such an event has to wait: its text can no longer be sent before that reply, and the reply can no
// longer be taken back. The wait is short: an attempt that finds the event in the queue of its thread gives way, and
// other attempts end within their lease.
func (o *Outbox) HasAttemptSince(c *Conversation, event store.Event) bool {
	o.readWaiting(c)
	for _, d := range o.Deliveries {
		isReplyBeingSent := d.Kind == KindReply && d.State == store.Sending
		hasLeftPartly := d.Part != 0
		if !isReplyBeingSent || hasLeftPartly {
			continue
		}
		if d.FirstAt == nil || !event.ReceivedAt.Before(*d.FirstAt) {
			continue
		}

		lane := o.Lanes[d.LaneID]
		if lane == nil || lane.ConversationID != c.ID {
			continue
		}
		if lane.isUnderWay(d.Seq) && lane.LeasedUntil.After(o.DatabaseNow) {
			return true
		}
	}

	return false
}

// HasNotBegun reports whether a delivery is queued and no attempt at it is running.
func (o *Outbox) HasNotBegun(d *Delivery) bool {
	lane := o.Lanes[d.LaneID]
	if lane == nil || d.State != store.Queued {
		return false
	}
	return lane.LeasedUntil == nil || d.Seq > lane.Head+1 // a lease is for an attempt at the lane's next delivery
}
