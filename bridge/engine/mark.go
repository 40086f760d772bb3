package engine

import (
	"cmp"
	"slices"

	"parley/bridge"
	"parley/bridge/engine/outbound"
	"parley/store"
)

// receiptRank orders the marks that receipts bring: they only rise. 0 = it is none of them.
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

// mark shows on a person's message what became of it, in place of the mark that it has; "" takes
// that off. A mark that was not posted yet gives way to the newer one, so that a reply which leaves
// before its first mark is posted gets only one mark.
func (th *threads) mark(c *conv, m *message, mark bridge.Mark) {
	t := c.threads[m.AccountID]
	if t == nil || m.Place == "" {
		return
	}
	var last *delivery
	var now outbound.Payload
	if all := th.outbox.marksOf(m); len(all) > 0 {
		last = all[len(all)-1]
		now = last.payload()
	}
	switch {
	case now.Mark == mark, mark != "" && receiptRank(mark) > 0 && receiptRank(mark) < receiptRank(now.Mark):
	case last != nil && th.outbox.notBegun(last) && now.Clears == mark:
		th.outbox.cancel(last)
	case last != nil && th.outbox.notBegun(last):
		now.Mark = mark
		last.setPayload(now)
	default:
		th.postTo(c, t, bridge.PostMark, m.ID, outbound.Payload{Mark: mark, Clears: now.Mark, Place: bridge.Place{Channel: m.Channel, Thread: m.Thread, Message: m.Place}})
	}
}

// markWaiting marks a reply that is held. The mark tells its author that it can still be taken back.
func (th *threads) markWaiting(c *conv, m *message) {
	if d := th.outbox.firstOf(m); d != nil && d.NotBefore != nil && d.NotBefore.After(th.now) {
		th.mark(c, m, bridge.MarkWaiting)
	}
}

// markSent marks a reply that the provider has, as far as its receipts say and as the account
// wants to know. followed: another line left with it as one message, and carries the mark.
func (th *threads) markSent(c *conv, m *message, followed bool) {
	receipts := th.settings(c).Receipts
	switch state := th.outbox.receiptState(m); {
	case followed || receipts == "failures":
		th.mark(c, m, "")
	case receipts == "read" && state == bridge.OutcomeRead:
		th.mark(c, m, bridge.MarkRead)
	case receipts == "read" && state == bridge.OutcomeDelivered:
		th.mark(c, m, bridge.MarkDelivered)
	default:
		th.mark(c, m, bridge.MarkSent)
	}
}

// lastInRun says that d is the last line of a message of several lines, apart from lines that were
// taken back.
func lastInRun(run []*delivery, d *delivery) bool {
	for _, other := range run {
		if other.Seq > d.Seq && other.State != store.Cancelled {
			return false
		}
	}
	return true
}

// marksOf gives the marks that a message has or is to get, in order.
func (o *outbox) marksOf(m *message) []*delivery {
	var marks []*delivery
	for _, d := range o.ofMessage[m.ID] {
		if d.Kind == string(bridge.PostMark) && d.State != store.Failed && d.State != store.Cancelled {
			marks = append(marks, d)
		}
	}
	slices.SortFunc(marks, func(a, b *delivery) int { return cmp.Compare(a.Seq, b.Seq) })
	return marks
}
