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

// The tests of this file apply the report of an earlier attempt to rows in memory, without a database.

// ofEarlierAttempts are a message that waits to be delivered, and the work on its rows.
type ofEarlierAttempts struct {
	*work
	message *book.Message
}

// workOnMessage makes the work on a message that waits, with its deliveries.
func workOnMessage(deliveries ...*book.Delivery) ofEarlierAttempts {
	b := book.New(book.Options{Directory: directory.New(store.Directory{})})
	m := &book.Message{Message: store.Message{ID: 9, Fate: store.FateWaiting}}
	b.Messages.Rows[m.ID] = m
	b.Conversations.Rows[1] = &book.Conversation{Conversation: &store.Conversation{ID: 1}}
	for _, d := range deliveries {
		b.Outbox.Deliveries[d.ID] = d
		b.Outbox.OfMessage[m.ID] = append(b.Outbox.OfMessage[m.ID], d)
	}
	return ofEarlierAttempts{work: assembleWork(&Engine{}, threads.New(b, nil, nil, nil)), message: m}
}

// wantStillWaiting applies a report about an attempt, and checks that it says nothing of the message.
func (w ofEarlierAttempts) wantStillWaiting(t *testing.T, report own.Fact) {
	t.Helper()
	report.Conversation, report.Message = 1, w.message.ID
	if err := w.applyOwn(t.Context(), nil, report); err != nil {
		t.Fatalf("report %s: %v", report.Kind, err)
	}
	if w.message.Fate != store.FateWaiting {
		t.Errorf("after the report %s of an earlier attempt: the message counts as %s, want %s", report.Kind, w.message.Fate, store.FateWaiting)
	}
}

// reportsOfAttempts are all kinds of reports about what became of an attempt.
func reportsOfAttempts() []relay.ReportKind {
	return []relay.ReportKind{relay.ReportLanded, relay.ReportFailed, relay.ReportUnclear}
}

// What became of an earlier attempt may be learned late: after a bounce told that it failed, and
// after somebody had it sent again. It says nothing of the message that is on its way now, or that has
// left meanwhile.
func TestResultOfAnEarlierAttempt(t *testing.T) {
	t.Parallel()
	const firstAttempt, secondAttempt = 1, 2
	for _, state := range []store.DeliveryState{store.Queued, store.Sending, store.Unknown, store.Accepted, store.Failed} {
		for _, kind := range reportsOfAttempts() {
			t.Run(string(state)+" now, and "+string(kind)+" before", func(t *testing.T) {
				t.Parallel()
				d := &book.Delivery{Delivery: store.Delivery{ID: 11, MessageID: 9, State: state, Attempt: secondAttempt}}
				workOnMessage(d).wantStillWaiting(t, own.Fact{Kind: store.FactKind(kind), Delivery: d.ID, Attempt: firstAttempt})
			})
		}
	}
}

// partOfReply is the delivery of a part of a message: the parts are counted from 0.
func partOfReply(id store.DeliveryID, state store.DeliveryState, part int) *book.Delivery {
	d := &book.Delivery{Delivery: store.Delivery{
		ID: id, MessageID: 9, Seq: int64(id), State: state, Attempt: 1, Kind: outbound.KindReply, OrderBy: "m4",
	}}
	d.SetPayload(outbound.Payload{ReplyPayload: outbound.ReplyPayload{Span: &outbound.Span{From: part, To: part + 1}}})
	return d
}

// A reply in two parts is refused, since the window is closed, and parked with its first part. The customer writes, the
// agent has it sent again, and only then it is learned that the second part of the first sending was refused, too. That
// says nothing of the second sending.
func TestResultOfAnEarlierSending(t *testing.T) {
	t.Parallel()
	for _, state := range []store.DeliveryState{store.Queued, store.Accepted} {
		for _, kind := range reportsOfAttempts() {
			t.Run(string(state)+" now, and "+string(kind)+" before", func(t *testing.T) {
				t.Parallel()
				w := workOnMessage(
					partOfReply(11, store.Failed, 0),
					partOfReply(12, store.Failed, 1), // of which the report is
					partOfReply(13, store.Accepted, 0),
					partOfReply(14, state, 1),
				)
				w.wantStillWaiting(t, own.Fact{Kind: store.FactKind(kind), Delivery: 12, Attempt: 1, Class: string(channels.WindowClosed)})
			})
		}
	}
}
