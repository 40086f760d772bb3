package bridge

import (
	"cmp"
	"slices"
	"time"

	"parley/store"
)

// A surface takes few marks a minute, from all conversations together. One that waited so long
// says nothing that anybody still looks for.
const markFor = time.Hour

// mark adds a receipt to an agent's own message, unless the message has it or says more already.
// One that still waits gives way to the newer one.
func (w *work) mark(c *conv, m *message, mark Mark) {
	t := c.threads[m.AccountID]
	if t == nil || m.Place == "" {
		return
	}
	for _, d := range w.marksOf(m) {
		p := payloadOf(d)
		switch {
		case p.Mark == mark, p.Mark == MarkRead && mark == MarkSent:
			return
		case w.notBegun(d):
			p.Mark = mark
			d.setPayload(p)
			return
		}
	}
	w.postTo(c, t, PostMark, m.ID, payload{Mark: mark, Place: Place{Channel: m.Channel, Message: m.Place}})
}

// marksOf gives the marks that a message has or is to get, in order.
func (w *work) marksOf(m *message) []*delivery {
	var marks []*delivery
	for _, d := range w.deliveries {
		if d.MessageID == m.ID && d.Kind == string(PostMark) && d.State != store.Failed && d.State != store.Cancelled {
			marks = append(marks, d)
		}
	}
	slices.SortFunc(marks, func(a, b *delivery) int { return cmp.Compare(a.Seq, b.Seq) })
	return marks
}

// notBegun says that no attempt at a delivery is under way, and none landed.
func (w *work) notBegun(d *delivery) bool {
	l := w.lanes[d.LaneID]
	return l != nil && d.State == store.Queued && (l.LeasedUntil == nil || d.Seq > l.Head+1)
}
