package book

import (
	"testing"

	"parley/bridge/engine/outbound"
	"parley/store"
)

// A reply with two files was refused, both parts of it, and was sent again: it is out once both have left. The parts
// that were refused before count for nothing.
func TestPartsThatWereSentAgain(t *testing.T) {
	t.Parallel()
	o := &Outbox{OfMessage: map[store.MessageID][]*Delivery{}}
	for i, state := range []string{store.Failed, store.Failed, store.Accepted, store.Accepted} {
		d := &Delivery{Delivery: store.Delivery{ID: store.DeliveryID(20 + i), LaneID: 10, Seq: int64(3 + i), MessageID: 19, Kind: outbound.KindReply, OrderBy: "m4", State: state}}
		d.SetPayload(outbound.Payload{ReplyPayload: outbound.ReplyPayload{Span: &outbound.Span{From: i % 2, To: i%2 + 1}}})
		o.OfMessage[19] = append(o.OfMessage[19], d)
	}
	m := &Message{Message: store.Message{ID: 19, Fate: store.FateWaiting}}
	if parts := o.PartsOf(m); len(parts) != 2 || parts[0].ID != 22 || parts[1].ID != 23 {
		t.Fatalf("parts %+v", parts)
	}
	if fate := o.PartsOf(m).worstFate(); fate != store.FateOut {
		t.Errorf("fate %s", fate)
	}
	o.OfMessage[19][3].State = store.Failed
	if fate := o.PartsOf(m).worstFate(); fate != store.FateFailed {
		t.Errorf("with a part that failed again: %s", fate)
	}
}
