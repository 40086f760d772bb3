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

// ofEarlierAttempts is a message that waits to be delivered, and the work on its rows.
type ofEarlierAttempts struct {
	*work
	message *book.Message
}

// workOnMessage makes the work on a waiting message with these deliveries.
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

// wantStillWaiting applies a report about an attempt, and checks that the message still waits.
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

// reportsOfAttempts returns all kinds of reports about the result of an attempt.
func reportsOfAttempts() []relay.ReportKind {
	return []relay.ReportKind{relay.ReportLanded, relay.ReportFailed, relay.ReportUnclear}
}

// The result of an earlier attempt may become known late, after a bounce and after somebody had the message sent again.
// It changes nothing about the message that is being sent now, or has left meanwhile.
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

// partOfReply is the delivery of a part of a message. Parts are counted from 0.
func partOfReply(id store.DeliveryID, state store.DeliveryState, part int) *book.Delivery {
	d := &book.Delivery{Delivery: store.Delivery{
		ID: id, MessageID: 9, Seq: int64(id), State: state, Attempt: 1, Kind: outbound.KindReply, OrderBy: "m4",
	}}
	d.SetPayload(outbound.Payload{ReplyPayload: outbound.ReplyPayload{Span: &outbound.Span{From: part, To: part + 1}}})
	return d
}

// A reply in two parts is refused, since the reply window is closed, and parked (kept back) with its first part. The
// customer writes, and the agent has the reply sent again. Only then it becomes known that the second part of the first
// sending was refused, too. That changes nothing about the second sending.
func TestResultOfAnEarlierSending(t *testing.T) {
	t.Parallel()
	for _, state := range []store.DeliveryState{store.Queued, store.Accepted} {
		for _, kind := range reportsOfAttempts() {
			t.Run(string(state)+" now, and "+string(kind)+" before", func(t *testing.T) {
				t.Parallel()
				w := workOnMessage(
					partOfReply(11, store.Failed, 0),
					partOfReply(12, store.Failed, 1), // the report is about this one
					partOfReply(13, store.Accepted, 0),
					partOfReply(14, state, 1),
				)
				w.wantStillWaiting(t, own.Fact{Kind: store.FactKind(kind), Delivery: 12, Attempt: 1, Class: string(channels.WindowClosed)})
			})
		}
	}
}
