package engine

import (
	"slices"
	"testing"

	"parley/store"
)

// Both parts of a reply with two files were refused, and were sent again. The reply is out once both of the new parts
// have left. The parts that were refused before don't count.
func TestPartsThatWereSentAgain(t *testing.T) {
	t.Parallel()
	o := &Outbox{OfMessage: map[store.MessageID][]*Delivery{}}
	const first, second, firstAgain, secondAgain = 0, 1, 2, 3 // the parts, in the order in which they were queued
	states := []store.DeliveryState{first: store.Failed, second: store.Failed, firstAgain: store.Accepted, secondAgain: store.Accepted}
	for i, state := range states {
		d := &Delivery{Delivery: store.Delivery{
			ID:        store.DeliveryID(20 + i),
			LaneID:    10,
			Seq:       int64(3 + i),
			MessageID: 19,
			Kind:      KindReply,
			OrderBy:   "m4",
			State:     state,
		}}
		d.SetPayload(Payload{ReplyPayload: ReplyPayload{Span: &Span{From: i % 2, To: i%2 + 1}}})
		o.OfMessage[19] = append(o.OfMessage[19], d)
	}

	m := &Message{Message: store.Message{ID: 19, Fate: store.FateWaiting}}
	if got, want := o.PartsOf(m), (Parts{o.OfMessage[19][firstAgain], o.OfMessage[19][secondAgain]}); !slices.Equal(got, want) {
		t.Fatalf("the parts are %+v, want those that were sent again, %+v", got, want)
	}
	if fate := o.PartsOf(m).worstFate(); fate != store.FateOut {
		t.Errorf("once both have left, the reply's fate is %s, want %s", fate, store.FateOut)
	}

	o.OfMessage[19][secondAgain].State = store.Failed
	if fate := o.PartsOf(m).worstFate(); fate != store.FateFailed {
		t.Errorf("with a part that failed again, the reply's fate is %s, want %s", fate, store.FateFailed)
	}
}
