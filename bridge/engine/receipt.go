package engine

import (
	"cmp"
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/engine/files"
	"parley/bridge/engine/outbound"
	"parley/channels"
	"parley/store"
)

// replyLanded notes that the provider took a reply.
func (w *work) replyLanded(c *conv, f ownFact) {
	m := w.messages.rows[f.Message]
	if m == nil {
		return
	}
	if f.External != "" {
		m.ExternalID, m.dirty = f.External, true
		w.messages.tie(c.AccountID, f.External, c.ID, m.ID)
		c.addRef(f.External)
	}
	w.counted(c, m, f.Parts, f.Cost)
	if w.outbox.sentAgain(f) || w.outbox.partLanded(m) {
		return
	}
	if m.Fate == store.FateFailed || m.Fate == store.FateOut {
		return // a bounce or a receipt came first
	}
	w.reached(c, m)
	w.markSent(c, m, f.Followed)
}

// sentAgain says that a result is of an earlier attempt: somebody had the message sent again before the
// result came, for instance because of a bounce. The result of the last attempt is written together with
// the end of its delivery, so that any result that comes while the delivery is on its way is an earlier
// one. Where the delivery has ended, the numbers of the attempts tell.
func (o *outbox) sentAgain(f ownFact) bool {
	d := o.deliveries[f.Delivery]
	return d != nil && (f.Attempt > 0 && f.Attempt < d.Attempt || slices.Contains([]string{store.Queued, store.Sending, store.Unknown}, d.State))
}

// counted notes as how many texts the provider counts a message, and what it costs.
func (w *work) counted(c *conv, m *message, parts int, cost string) {
	if parts > m.Parts {
		m.Parts, m.dirty = parts, true
		if parts > 1 {
			line := bridge.Line{Content: &bridge.PartsLine{Count: parts}}
			if t := c.home(w.dir); t != nil {
				line.SourceRef = sourceOf(m, t)
			}
			w.line(c, line)
		}
	}
	if cost != "" && cost != m.Cost {
		m.Cost, m.dirty = cost, true
		c.Cost = cost
		c.touch()
	}
}

// takenBack says that a reply was deleted, undone or edited into something else.
func takenBack(m *message) bool {
	return slices.Contains([]store.Fate{store.FateUndone, store.FateDropped, store.FateInside, store.FateAsk}, m.Fate)
}

// replyFailed tells a reply's author that the customer didn't get it.
func (w *work) replyFailed(ctx context.Context, tx pgx.Tx, c *conv, f ownFact) error {
	m := w.messages.rows[f.Message]
	if m == nil || takenBack(m) || w.outbox.sentAgain(f) {
		return nil // the customer isn't to get it, or this is old
	}
	if f.Class == string(channels.TemplateBad) && outbound.TemplateOf(&m.Message) != nil {
		return w.templateFailed(ctx, tx, c, m, f)
	}
	part := w.partName(m, w.outbox.deliveryOf(m, f.Delivery))
	if f.Class == string(channels.WindowClosed) && (part == "" || m.Fate == store.FateParked) {
		w.closedByProvider(c, m, f.Text)
		return nil
	}
	m.Fate, m.Reason, m.dirty = store.FateFailed, f.Class, true
	w.log.byParley(c, store.DeedNotDelivered, detail{Message: m.ID, Reason: f.Text})
	w.mark(c, m, bridge.MarkWarning)
	line := bridge.Line{Content: &bridge.FailedLine{Reason: f.Text, Hint: f.Hint}, Text: part,
		Verbs: []bridge.Verb{bridge.VerbSendAgain}, Args: bridge.Args{Delivery: f.Delivery}}
	if slices.ContainsFunc(m.Files, func(f store.FileRef) bool { return files.FromSurface(f).Unavailable != "" }) {
		line.Verbs = []bridge.Verb{bridge.VerbReply} // it would fail again
	}
	w.tellWith(c, m, line)
	w.refusedByCustomer(c, m, f.Class)
	w.messages.unanswered(c)
	return nil
}

// replyLate tells that a reply still isn't out.
func (w *work) replyLate(c *conv, f ownFact) {
	m := w.messages.rows[f.Message]
	if m == nil {
		return
	}
	d := w.outbox.deliveryOf(m, f.Delivery)
	retrying := &bridge.RetryingLine{Reason: f.Text, Hint: f.Hint}
	if d != nil && d.FirstAt != nil {
		retrying.Since = *d.FirstAt
	}
	w.tellWith(c, m, bridge.Line{Content: retrying, Text: w.partName(m, d)})
}

// replyUnclear asks a person whether a reply was sent, because nobody can tell.
func (w *work) replyUnclear(c *conv, f ownFact) {
	m := w.messages.rows[f.Message]
	if m == nil || w.outbox.sentAgain(f) {
		return
	}
	w.log.byParley(c, store.DeedUnclear, detail{Message: m.ID, Reason: f.Text})
	if takenBack(m) {
		w.tellWith(c, m, bridge.Line{Content: &bridge.UnclearLine{Reason: f.Text}})
		return
	}
	m.Fate, m.dirty = store.FateUnclear, true
	w.mark(c, m, bridge.MarkWarning)
	w.tellWith(c, m, bridge.Line{Content: &bridge.UnclearLine{Reason: f.Text}, Text: w.partName(m, w.outbox.deliveryOf(m, f.Delivery)),
		Verbs: []bridge.Verb{bridge.VerbSendAgain, bridge.VerbMarkSent}, Args: bridge.Args{Delivery: f.Delivery}})
}

// applyStatus applies a provider's receipt for one of our messages, or, with UpTo, for several.
func (w *work) applyStatus(ctx context.Context, tx pgx.Tx, a *store.Account, part int, in channels.Inbound) error {
	if !in.Status.UpTo.IsZero() {
		return w.watermark(ctx, tx, a, in)
	}
	m := w.statusMessage(a, in.Status)
	if m == nil && w.receiptCameFirst(a, in) {
		return w.waitForID(a.ID, in.Status.External[0], resultWait-w.age())
	}
	if m == nil && w.elsewheres(a, in.Status) {
		return nil
	}
	if m == nil || m.Direction == store.DirectionIn { // or one that the customer sent
		return w.unmatchedStatus(ctx, tx, a, part, in)
	}
	c := w.convs.rows[m.ConversationID]
	d, err := w.receiptOf(m, in.Status)
	if err != nil {
		return err
	}
	if c != nil && d == nil {
		w.bouncedElsewhere(c, m, in.Status)
		return nil
	}
	if c == nil || w.outbox.lanes[d.LaneID] == nil {
		return nil
	}
	if in.Status.MessageID == m.ID && len(in.Status.External) > 0 {
		w.messages.tieSent(a, m, in.Status.External[0])
	}
	w.counted(c, m, in.Status.Parts, in.Status.Cost)
	run := w.outbox.runOf(d)
	for _, one := range run {
		if said := w.messages.rows[one.MessageID]; said != nil {
			if err := w.receipt(ctx, tx, c, one, said, in.Status); err != nil {
				return err
			}
			if said.Fate == store.FateOut {
				w.markSent(c, said, !lastInRun(run, one))
			}
		}
	}
	return nil
}

// receiptCameFirst says that a receipt may be about a message whose result is still to be written. That
// doesn't happen with mail, whose reports name our own Message-ID.
func (w *work) receiptCameFirst(a *store.Account, in channels.Inbound) bool {
	ch := w.e.Channel(a.ID)
	return in.Status.MessageID == 0 && len(in.Status.External) > 0 && ch != nil && !ch.Capabilities().Threads &&
		w.age() < resultWait
}

// elsewheres says that a receipt matters to nobody: in a chat it tells that a message arrived which
// another system sent from the same number.
func (w *work) elsewheres(a *store.Account, s *channels.Status) bool {
	return s.State != channels.StateFailed && !s.Delayed && !w.e.caps(a.ID).Threads
}

// runOf gives a delivery and those that left together with it, in order. Only its last attempt counts:
// deliveries that left with an earlier one are not among them.
func (o *outbox) runOf(d *delivery) []*delivery {
	run := []*delivery{d}
	for _, other := range o.deliveries {
		if other.Joined == d.ID && other.SentAt != nil && d.SentAt != nil && other.SentAt.Equal(*d.SentAt) {
			run = append(run, other)
		}
	}
	slices.SortFunc(run, func(a, b *delivery) int { return cmp.Compare(a.Seq, b.Seq) })
	return run
}

// receipt notes what the provider tells of one delivery.
func (w *work) receipt(ctx context.Context, tx pgx.Tx, c *conv, d *delivery, m *message, s *channels.Status) error {
	switch {
	case s.Delayed:
		w.tellWith(c, m, bridge.Line{Content: &bridge.DelayedLine{Reason: s.Reason}})
	case s.State == channels.StateFailed:
		restart(d, s)
		if rank(d.State) >= rank(store.Delivered) || d.State == store.Failed || d.State == store.Cancelled {
			return nil
		}
		d.State, d.ErrorClass, d.ErrorText, d.dirty = store.Failed, string(s.Class), s.Reason, true
		return w.replyFailed(ctx, tx, c, ownFact{Message: m.ID, Delivery: d.ID, Class: string(s.Class), Text: bounceText(s)})
	case rank(string(s.State)) > rank(d.State):
		if d.State == store.Unknown && w.outbox.isHead(d) {
			w.outbox.due(w.outbox.lanes[d.LaneID], nil) // nothing is left to find out: the next may go
		}
		d.State, d.dirty = string(s.State), true
		w.receiptSays(c, m)
		if m.Fate == store.FateOut {
			w.markSent(c, m, false)
		}
	}
	return nil
}

// restart makes a delivery of several parts begin with the first one when it is sent again, if a part
// before the last one that left failed: otherwise the customer would never get that part.
func restart(d *delivery, s *channels.Status) {
	last := d.State != store.Queued && slices.Contains(s.External, d.ExternalID)
	if d.Part > 0 && (s.Early || d.State != store.Unknown && !last) && rank(d.State) < rank(store.Delivered) {
		d.Part, d.dirty = 0, true
	}
}

// receiptSays notes that a receipt proves a message to have been sent, even if the provider's answer to
// our request was lost or a bounce came.
func (w *work) receiptSays(c *conv, m *message) {
	if w.outbox.partLanded(m) {
		return
	}
	if m.Fate == store.FateUnclear || m.Fate == store.FateWaiting || m.Fate == store.FateFailed || takenBack(m) {
		w.reached(c, m)
	}
}

func bounceText(s *channels.Status) string {
	if s.Recipient == "" {
		return s.Reason
	}
	return s.Recipient + ": " + s.Reason
}
