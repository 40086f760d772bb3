package threads

import (
	"cmp"
	"slices"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/outbound"
	"parley/store"
)

// receiptRank orders the marks that receipts bring: they only rise. 0 means it is none of them.
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

// Mark shows on a person's message what became of it, in place of the mark that it has; "" takes
// that off. A mark that was not posted yet gives way to the newer one, so that a reply which leaves
// before its first mark is posted gets only one mark.
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
	switch {
	case now.Mark == mark, mark != "" && receiptRank(mark) > 0 && receiptRank(mark) < receiptRank(now.Mark):
	case last != nil && th.Outbox.HasNotBegun(last) && now.Clears == mark:
		th.Outbox.Cancel(last)
	case last != nil && th.Outbox.HasNotBegun(last):
		now.Mark = mark
		last.SetPayload(now)
	default:
		th.PostTo(c, t, bridge.PostMark, m.ID, outbound.Payload{Mark: mark, Clears: now.Mark, Place: bridge.Place{Channel: m.Channel, Thread: m.Thread, Message: m.Place}})
	}
}

// MarkWaiting marks a reply that is held. The mark tells its author that it can still be taken back.
func (th *Writer) MarkWaiting(c *book.Conversation, m *book.Message) {
	if d := th.Outbox.FirstPartOf(m); d != nil && d.NotBefore != nil && d.NotBefore.After(th.Now) {
		th.Mark(c, m, bridge.MarkWaiting)
	}
}

// MarkSent marks a reply that the provider has, as far as its receipts say and as the account
// wants to know. followed: another line left with it as one message, and carries the mark.
func (th *Writer) MarkSent(c *book.Conversation, m *book.Message, followed bool) {
	receipts := th.Settings(c).Receipts
	switch state := th.Outbox.ReceiptState(m); {
	case followed || receipts == "failures":
		th.Mark(c, m, "")
	case receipts == "read" && state == bridge.OutcomeRead:
		th.Mark(c, m, bridge.MarkRead)
	case receipts == "read" && state == bridge.OutcomeDelivered:
		th.Mark(c, m, bridge.MarkDelivered)
	default:
		th.Mark(c, m, bridge.MarkSent)
	}
}

// LastInRun reports whether d is the last line of a message of several lines, apart from lines that were
// taken back.
func LastInRun(run []*book.Delivery, d *book.Delivery) bool {
	for _, other := range run {
		if other.Seq > d.Seq && other.State != store.Cancelled {
			return false
		}
	}
	return true
}

// marksOf returns the marks that a message has or is to get, in order.
func (th *Writer) marksOf(m *book.Message) []*book.Delivery {
	var marks []*book.Delivery
	for _, d := range th.Outbox.OfMessage[m.ID] {
		if d.Kind == string(bridge.PostMark) && d.State != store.Failed && d.State != store.Cancelled {
			marks = append(marks, d)
		}
	}
	slices.SortFunc(marks, func(a, b *book.Delivery) int { return cmp.Compare(a.Seq, b.Seq) })
	return marks
}
