package engine

import (
	"encoding/json"

	"parley/bridge/engine/outbound"
	"parley/store"
)

// payload is what a delivery carries.
func (d *delivery) payload() outbound.Payload {
	if d.decoded == nil {
		p := outbound.PayloadOf(&d.Delivery)
		d.decoded = &p
	}
	return *d.decoded
}

func (d *delivery) setPayload(p outbound.Payload) {
	body, err := json.Marshal(p)
	if err != nil {
		panic("engine: payload: " + err.Error()) // our own plain struct
	}
	d.Payload, d.decoded, d.dirty = body, nil, true
}

// join lets a delivery leave together with its neighbours in the lane that have the same key, as long
// as they fit together. The delivery takes runes of the room, which is in runes too.
func (d *delivery) join(key string, runes, room int) {
	d.JoinKey, d.JoinSize = key, min((runes*store.JoinRoom+room-1)/room, store.JoinRoom+1)
}

type delivery struct {
	store.Delivery
	decoded      *outbound.Payload // what Payload holds; nil = not looked at yet
	fresh, dirty bool
}

// rank orders what is known of a delivery: it only rises.
func rank(state string) int {
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
