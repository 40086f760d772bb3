package book

import (
	"cmp"
	"encoding/json"
	"slices"

	"parley/bridge"
	"parley/bridge/engine/outbound"
	"parley/store"
)

// DecodedPayload is what a delivery carries.
func (d *Delivery) DecodedPayload() outbound.Payload {
	if d.decoded == nil {
		p := outbound.PayloadOf(&d.Delivery)
		d.decoded = &p
	}
	return *d.decoded
}

// SetPayload changes what a delivery carries.
func (d *Delivery) SetPayload(p outbound.Payload) {
	body, err := json.Marshal(p)
	if err != nil {
		panic("book: payload: " + err.Error()) // our own plain struct
	}
	d.Payload, d.decoded, d.Dirty = body, nil, true
}

// MakeJoinable lets a delivery leave together with its neighbours in the lane that have the same key, as long
// as they fit together. The delivery takes runes of the room, which is in runes too.
func (d *Delivery) MakeJoinable(key string, runes, room int) {
	d.JoinKey, d.JoinSize = key, min((runes*store.JoinRoom+room-1)/room, store.JoinRoom+1)
}

// Delivery is a delivery that a batch has in hand.
type Delivery struct {
	store.Delivery
	decoded      *outbound.Payload // what Payload holds; nil means not looked at yet
	Fresh, Dirty bool
}

// StateRank orders what is known of a delivery: it only rises.
func StateRank(state string) int {
	switch state {
	case store.Accepted:
		return 1
	case "sent":
		return 2
	case store.Delivered:
		return 3
	case store.Read:
		return 4
	}
	return 0
}

// RunOf returns a delivery and those that left together with it, in order. Only its last attempt counts:
// deliveries that left with an earlier one are not among them.
func (o *Outbox) RunOf(d *Delivery) []*Delivery {
	run := []*Delivery{d}
	for _, other := range o.Deliveries {
		if other.Joined == d.ID && other.SentAt != nil && d.SentAt != nil && other.SentAt.Equal(*d.SentAt) {
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
