package engine

import (
	"cmp"
	"slices"

	"parley/bridge"
	"parley/store"
)

// A mark is the emoji that Parley puts on an agent's message in the chat to show what has become of it: ⏳ for a
// reply that can still be undone, others for sent, delivered, read, kept inside (among colleagues) and failed.
// A message has at most one mark.

// receiptRank orders the marks of receipts, because receipts may arrive out of order: "sent" must not replace
// "read". It returns 0 for all other marks.
func receiptRank(m bridge.Mark) int {
	switch m {
	case bridge.MarkSent:
		return 1
	case bridge.MarkDelivered:
		return 2
	case bridge.MarkRead:
		return 3
	default:
		return 0
	}
}

// NoMark removes the mark of a message; see Writer.Mark.
const NoMark bridge.Mark = ""

// Mark replaces the mark on a person's message, or removes it if mark is NoMark. If the last mark is still
// queued, its delivery is changed instead, so that a reply that leaves quickly gets only one.
func (th *Writer) Mark(c *Conversation, m *Message, mark bridge.Mark) {
	t := c.Threads[m.AccountID]
	if t == nil || m.Place == "" {
		return
	}

	var last *Delivery
	var now Payload
	if all := th.marksOf(m); len(all) > 0 {
		last = all[len(all)-1]
		now = last.DecodedPayload()
	}

	isLower := receiptRank(mark) > 0 && receiptRank(mark) < receiptRank(now.Mark)
	if now.Mark == mark || isLower {
		return
	}

	// After an attempt, the state of the message is unknown: the new mark may be on it together with the former one.
	isUnposted := last != nil && th.Outbox.HasNotBegun(last) && last.Attempt == 0
	if !isUnposted {
		th.PostTo(c, t, bridge.PostMark, m.ID, Payload{
			Mark:   mark,
			Clears: now.Mark,
			Place:  bridge.Place{Channel: m.Channel, Thread: m.Thread, Message: m.Place},
		})
		return
	}
	if now.Clears == mark { // the message still shows this mark
		th.Outbox.Cancel(last)
		return
	}

	now.Mark = mark
	last.SetPayload(now)
}

// MarkWaiting marks a reply with ⏳ while it is held, which means that its author can still undo it.
func (th *Writer) MarkWaiting(c *Conversation, m *Message) {
	d := th.Outbox.FirstPartOf(m)
	hasHold := d != nil && d.NotBefore != nil
	if hasHold && d.NotBefore.After(th.Now) {
		th.Mark(c, m, bridge.MarkWaiting)
	}
}

// MarkSent marks a reply that the provider has accepted as sent, delivered or read, depending on its receipts
// and the account's settings.
func (th *Writer) MarkSent(c *Conversation, m *Message) {
	settings := th.Settings(c)
	if settings.Receipts == "failures" {
		th.Mark(c, m, NoMark)
		return
	}
	th.Mark(c, m, markOfReceipt(settings.ShownReceipt(th.Outbox.ReceiptState(m))))
}

// markOfReceipt returns the mark for a receipt state.
func markOfReceipt(state bridge.OutcomeState) bridge.Mark {
	switch state {
	case bridge.OutcomeRead:
		return bridge.MarkRead
	case bridge.OutcomeDelivered:
		return bridge.MarkDelivered
	default:
		return bridge.MarkSent
	}
}

// marksOf returns the deliveries of a message's marks, posted and queued, in order.
func (th *Writer) marksOf(m *Message) []*Delivery {
	var marks []*Delivery
	for _, d := range th.Outbox.OfMessage[m.ID] {
		isOver := d.State == store.Failed || d.State == store.Cancelled
		if d.Kind == string(bridge.PostMark) && !isOver {
			marks = append(marks, d)
		}
	}
	slices.SortFunc(marks, func(a, b *Delivery) int { return cmp.Compare(a.Seq, b.Seq) })
	return marks
}
