package bridge

import (
	"cmp"
	"context"
	"slices"
	"time"

	"parley/store"
)

// A surface takes few marks a minute, from all conversations together. One that waited so long
// says nothing that anybody still looks for.
const (
	markFor         = time.Hour
	dropMarksEvery  = time.Minute
	marksDropped    = 1000 // of a gate in one transaction
	dropMarksWithin = 10 * time.Second
)

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

// runMarks drops marks that waited too long until ctx ends.
func (e *Engine) runMarks(ctx context.Context) error {
	tick := time.NewTicker(dropMarksEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := e.dropMarks(ctx); err != nil && ctx.Err() == nil {
			e.log.Warn("old marks not dropped", "error", err)
		}
	}
}

func (e *Engine) dropMarks(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, dropMarksWithin)
	defer cancel()
	n, err := store.DropOldMarks(ctx, e.pool, markFor, marksDropped)
	if n > 0 {
		e.log.Info("old marks dropped", "conversations", n)
	}
	return err
}
