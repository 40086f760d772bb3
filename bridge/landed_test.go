package bridge

import (
	"testing"

	"parley/store"
)

// What became of an earlier attempt may be learned late: after a bounce told that it failed, and
// after somebody had it sent again. It says nothing of the message that is on its way now.
func TestResultOfAnEarlierAttempt(t *testing.T) {
	t.Parallel()
	for _, state := range []string{store.Queued, store.Sending} {
		m := &message{Message: store.Message{ID: 9, Fate: store.FateWaiting}}
		w := &work{messages: map[int64]*message{9: m},
			deliveries: map[int64]*delivery{11: {Delivery: store.Delivery{ID: 11, MessageID: 9, State: state}}}}
		w.replyLanded(&conv{Conversation: &store.Conversation{ID: 1}}, ownFact{Message: 9, Delivery: 11})
		if m.Fate != store.FateWaiting {
			t.Errorf("while its delivery is %s again, the message counts as %s and would never leave", state, m.Fate)
		}
	}
}
