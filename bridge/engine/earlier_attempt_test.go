package engine

import (
	"testing"

	"parley/bridge/engine/book"
	"parley/bridge/engine/directory"
	"parley/bridge/engine/outbound"
	"parley/bridge/engine/own"
	"parley/bridge/engine/threads"
	"parley/bridge/relay"
	"parley/channels"
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
			w := assembleWork(&Engine{}, threads.New(b, nil, nil, nil))
			if err := w.applyOwn(t.Context(), nil, own.Fact{Kind: string(kind), Conversation: 1, Message: 9, Delivery: 11, Attempt: 1}); err != nil {
				t.Fatal(err)
			}
			if m.Fate != store.FateWaiting {
				t.Errorf("%s: its delivery is %s again, and the message counts as %s, want %s", kind, state, m.Fate, store.FateWaiting)
			}
		}
	}
}

// A reply in two parts is refused, since the window is closed, and parked with its first part. The customer writes, the
// agent has it sent again, and only then it is learned that the second part of the first sending was refused, too. That
// says nothing of the second sending.
func TestResultOfAnEarlierSending(t *testing.T) {
	t.Parallel()
	part := func(id store.DeliveryID, state string, from int) *book.Delivery {
		d := &book.Delivery{Delivery: store.Delivery{ID: id, MessageID: 9, Seq: int64(id), State: state, Attempt: 1, Kind: outbound.KindReply, OrderBy: "m4"}}
		d.SetPayload(outbound.Payload{ReplyPayload: outbound.ReplyPayload{Span: &outbound.Span{From: from, To: from + 1}}})
		return d
	}
	for _, state := range []string{store.Queued, store.Accepted} {
		for _, kind := range []relay.ReportKind{relay.ReportLanded, relay.ReportFailed, relay.ReportUnclear} {
			b := book.New(book.Options{Directory: directory.New(store.Directory{})})
			m := &book.Message{Message: store.Message{ID: 9, Fate: store.FateWaiting}}
			b.Messages.Rows[m.ID] = m
			b.Conversations.Rows[1] = &book.Conversation{Conversation: &store.Conversation{ID: 1}}
			for _, d := range []*book.Delivery{part(11, store.Failed, 0), part(12, store.Failed, 1), part(13, store.Accepted, 0), part(14, state, 1)} {
				b.Outbox.Deliveries[d.ID] = d
				b.Outbox.OfMessage[m.ID] = append(b.Outbox.OfMessage[m.ID], d)
			}
			w := assembleWork(&Engine{}, threads.New(b, nil, nil, nil))
			f := own.Fact{Kind: string(kind), Conversation: 1, Message: 9, Delivery: 12, Attempt: 1, Class: string(channels.WindowClosed)}
			if err := w.applyOwn(t.Context(), nil, f); err != nil {
				t.Fatal(err)
			}
			if m.Fate != store.FateWaiting {
				t.Errorf("%s: its second sending is %s, and the message counts as %s, want %s", kind, state, m.Fate, store.FateWaiting)
			}
		}
	}
}
