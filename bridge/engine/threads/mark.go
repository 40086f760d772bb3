package threads

import (
	"cmp"
	"slices"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/outbound"
	"parley/store"
)

// A mark is the emoji that Parley puts on an agent's message in the chat. It says what became of the text: it waits, it was sent,
// delivered or read, it stayed inside, or something is wrong.

// receiptRank orders the marks that receipts bring. A lower one never replaces a higher one. It is 0 for all other marks.
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

// NoMark stands for no mark: Writer.Mark takes away the mark that a message has.
const NoMark bridge.Mark = ""

// Mark puts a mark on a person's message in place of the one that it has; NoMark only takes that one away. A mark that was not
// posted yet is replaced in its queue, so that a reply that leaves quickly gets only one.
func (th *Writer) Mark(c *book.Conversation, m *book.Message, mark bridge.Mark) {
	t := c.Threads[m.AccountID]
	if t == nil || m.Place == "" {
		return
	}

	var last *book.Delivery
	var now outbound.Payload
	if all := th.marksOf(m); len(all) > 0 {
		last = all[len(all)-1]
		now = last.DecodedPayload()
	}

	isLower := receiptRank(mark) > 0 && receiptRank(mark) < receiptRank(now.Mark)
	if now.Mark == mark || isLower {
		return
	}

	// After an attempt nobody knows what the message shows: it may have put the new mark without taking the former one off.
	isUnposted := last != nil && th.Outbox.HasNotBegun(last) && last.Attempt == 0
	if !isUnposted {
		th.PostTo(c, t, bridge.PostMark, m.ID, outbound.Payload{
			Mark:   mark,
			Clears: now.Mark,
			Place:  bridge.Place{Channel: m.Channel, Thread: m.Thread, Message: m.Place},
		})
		return
	}
	if now.Clears == mark { // the message shows this mark still, so that there is nothing to change
		th.Outbox.Cancel(last)
		return
	}

	now.Mark = mark
	last.SetPayload(now)
}

// MarkWaiting marks a reply if it is held. The mark tells its author that the reply can still be taken back.
func (th *Writer) MarkWaiting(c *book.Conversation, m *book.Message) {
	d := th.Outbox.FirstPartOf(m)
	hasHold := d != nil && d.NotBefore != nil
	if hasHold && d.NotBefore.After(th.Now) {
		th.Mark(c, m, bridge.MarkWaiting)
	}
}

// MarkSent marks a reply that the provider has: as sent, delivered or read, by its receipts and the account's settings. followed
// means that a later text left with it as one message: then only that one gets the mark.
func (th *Writer) MarkSent(c *book.Conversation, m *book.Message, followed bool) {
	settings := th.Settings(c)
	if followed || settings.Receipts == "failures" {
		th.Mark(c, m, NoMark)
		return
	}
	th.Mark(c, m, markOfReceipt(settings.ShownReceipt(th.Outbox.ReceiptState(m))))
}

// markOfReceipt returns the mark of a reply that the provider has, as its receipts tell.
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

// IsLastInRun reports whether d is the last delivery of a run, which is several that leave as one message. Those that were taken
// back don't count.
func IsLastInRun(run []*book.Delivery, d *book.Delivery) bool {
	return !slices.ContainsFunc(run, func(other *book.Delivery) bool { return other.Seq > d.Seq && other.State != store.Cancelled })
}

// marksOf returns the deliveries of the marks that a message has or is to get, in order.
func (th *Writer) marksOf(m *book.Message) []*book.Delivery {
	var marks []*book.Delivery
	for _, d := range th.Outbox.OfMessage[m.ID] {
		isOver := d.State == store.Failed || d.State == store.Cancelled
		if d.Kind == string(bridge.PostMark) && !isOver {
			marks = append(marks, d)
		}
	}
	slices.SortFunc(marks, func(a, b *book.Delivery) int { return cmp.Compare(a.Seq, b.Seq) })
	return marks
}
