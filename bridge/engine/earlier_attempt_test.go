package engine

import (
	"testing"

	"parley/bridge/relay"
	"parley/store"
)

// What became of an earlier attempt may be learned late: after a bounce told that it failed, and
// after somebody had it sent again. It says nothing of the message that is on its way now, or that has
// left meanwhile.
func TestResultOfAnEarlierAttempt(t *testing.T) {
	t.Parallel()
	for _, state := range []string{store.Queued, store.Sending, store.Unknown, store.Accepted, store.Failed} {
		for _, kind := range []relay.ReportKind{relay.ReportLanded, relay.ReportFailed, relay.ReportUnclear} {
			m := &message{Message: store.Message{ID: 9, Fate: store.FateWaiting}}
			w := &work{threads: &threads{book: &book{messages: &messages{rows: map[int64]*message{9: m}}, convs: &conversations{rows: map[int64]*conv{1: {Conversation: &store.Conversation{ID: 1}}}},
				outbox: &outbox{deliveries: map[int64]*delivery{11: {Delivery: store.Delivery{ID: 11, MessageID: 9, State: state, Attempt: 2}}}}}}}
			if err := w.applyOwn(t.Context(), nil, ownFact{Kind: string(kind), Conversation: 1, Message: 9, Delivery: 11, Attempt: 1}); err != nil {
				t.Fatal(err)
			}
			if m.Fate != store.FateWaiting {
				t.Errorf("%s: its delivery is %s again, and the message counts as %s", kind, state, m.Fate)
			}
		}
	}
}
