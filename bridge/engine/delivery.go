package engine

import (
	"encoding/json"
	"time"

	"parley/bridge/engine/outbound"
	"parley/store"
)

// payload is what a delivery carries.
func (d *delivery) payload() outbound.Payload { return outbound.PayloadOf(&d.Delivery) }

func (d *delivery) setPayload(p outbound.Payload) {
	body, err := json.Marshal(p)
	if err != nil {
		panic("bridge: payload: " + err.Error()) // our own plain struct
	}
	d.Payload, d.dirty = body, true
}

// join lets a delivery leave together with its neighbours in the lane that have the same
// key, while what they hold fits: runes of room.
func (d *delivery) join(key string, runes, room int) {
	d.JoinKey, d.JoinSize = key, min((runes*store.JoinRoom+room-1)/room, store.JoinRoom+1)
}

// due sets when the head of a lane may be claimed.
func (w *work) due(l *lane, at *time.Time) {
	when := w.now
	if at != nil && at.After(w.now) {
		when = *at
	}
	if l.RestUntil != nil && l.RestUntil.After(when) {
		when = *l.RestUntil
	}
	l.DueAt, l.dirty = &when, true
}

// isHead says that a delivery is next in its lane and nobody is working on it.
func (w *work) isHead(d *delivery) bool {
	l := w.lanes[d.LaneID]
	return l != nil && d.Seq == l.Head+1 && l.LeasedUntil == nil
}

// cancel takes a waiting delivery back. It says no when it is being sent or was sent.
func (w *work) cancel(d *delivery) bool {
	if d.State != store.Queued || d.Part > 0 || d.Attempt > 0 && d.ErrorClass == "" {
		return false
	}
	if l := w.lanes[d.LaneID]; l == nil || (d.Seq == l.Head+1 && l.LeasedUntil != nil) {
		return false
	}
	d.State, d.NotBefore, d.dirty = store.Cancelled, nil, true // nothing waits for its hold
	if w.isHead(d) {
		w.due(w.lanes[d.LaneID], nil) // the dispatcher passes over it
	}
	return true
}

// postpone moves a waiting delivery's hold.
func (w *work) postpone(d *delivery, until time.Time) {
	d.NotBefore, d.dirty = &until, true
	if w.isHead(d) {
		w.due(w.lanes[d.LaneID], &until)
	}
}

// holdable says that a reply can still be taken back.
func (w *work) holdable(d *delivery) bool {
	l := w.lanes[d.LaneID]
	tried := d.Attempt > 0 && d.ErrorClass == "" // else the attempts so far failed for certain
	return d.State == store.Queued && !tried && l != nil && !(d.Seq == l.Head+1 && l.LeasedUntil != nil)
}

// replyOf finds the delivery of a message to the customer.
func (w *work) replyOf(m *message) *delivery {
	var found *delivery
	for _, d := range w.deliveries {
		if d.MessageID == m.ID && d.Kind == outbound.KindReply && (found == nil || d.Seq > found.Seq) {
			found = d
		}
	}
	return found
}

// underWay says that an attempt runs or will be repeated: nobody knows yet whether
// the customer gets what was said before.
func (w *work) underWay(d *delivery) bool {
	l := w.lanes[d.LaneID]
	return d.State == store.Sending || d.State == store.Unknown || d.State == store.Queued && l != nil && d.Seq == l.Head+1 && l.LeasedUntil != nil
}
