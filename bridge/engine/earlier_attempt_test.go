package engine

import (
	"testing"

	"parley/bridge/engine/book"
	"parley/bridge/engine/directory"
	"parley/bridge/engine/own"
	"parley/bridge/engine/threads"
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
			b := book.New(book.Options{Directory: directory.New(store.Directory{})})
			m := &book.Message{Message: store.Message{ID: 9, Fate: store.FateWaiting}}
			b.Messages.Rows[m.ID] = m
			b.Conversations.Rows[1] = &book.Conversation{Conversation: &store.Conversation{ID: 1}}
			b.Outbox.Deliveries[11] = &book.Delivery{Delivery: store.Delivery{ID: 11, MessageID: m.ID, State: state, Attempt: 2}}
			w := assemble(&Engine{}, threads.New(b, nil, nil, nil))
			if err := w.applyOwn(t.Context(), nil, own.Fact{Kind: string(kind), Conversation: 1, Message: 9, Delivery: 11, Attempt: 1}); err != nil {
				t.Fatal(err)
			}
			if m.Fate != store.FateWaiting {
				t.Errorf("%s: its delivery is %s again, and the message counts as %s", kind, state, m.Fate)
			}
		}
	}
}
