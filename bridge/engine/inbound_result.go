package engine

import (
	"context"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/channels"
	"parley/store"
)

// This file records the results of our own attempts to send replies. Receipts by which a provider reports later what became of a reply are
// in receipt.go; the two may arrive in either order. A delivery is one message on its way to a customer; a reply with many files has
// several (parts), and several replies may leave as one message (a run).

// ReplyLanded records that the provider has accepted a reply.
func (w *work) ReplyLanded(c *Conversation, f Fact) {
	m := w.Messages.Get(f.Message)
	if m == nil {
		return
	}

	if f.External != "" {
		m.ExternalID, m.Dirty = f.External, true
		w.Messages.LinkExternalID(c.AccountID, f.External, c.ID, m.ID)
		w.AddRef(c, f.External)
	}

	w.noteCounts(c, m, f.Parts, f.Cost)
	if w.hasEndedAs(f, store.Failed) {
		return // a receipt has reported a later failure
	}
	const isNew = true
	if w.isOldResult(m, f) || w.settleIfStopped(c, m, f.Delivery) || w.awaitOtherParts(c, m, isNew) {
		return
	}
	if m.Fate == store.FateFailed || m.Fate == store.FateOut || m.Fate == store.FateParked {
		return // a bounce or a receipt arrived first, or the reply's text was refused and is parked
	}

	w.CustomerGot(c, m)
	w.MarkSent(c, m)
}

// noteCounts records how many SMS the provider charges for a message, and its price category.
func (w *work) noteCounts(c *Conversation, m *Message, parts int, cost string) {
	if parts > m.Parts {
		m.Parts, m.Dirty = parts, true
		if parts > 1 { // agents see when a text is charged more than once
			line := bridge.Line{Content: &bridge.PartsLine{Count: parts}}
			if t := c.Home(w.Dir); t != nil {
				line.SourceRef = SourceOf(m, t)
			}
			w.Line(c, line)
		}
	}
	if cost != "" && cost != m.Cost {
		m.Cost, m.Dirty = cost, true
		c.Cost = cost
		c.Touch()
	}
}

// ReplyFailed marks a reply as failed, and shows its author that the customer didn't get it.
func (w *work) ReplyFailed(ctx context.Context, tx pgx.Tx, c *Conversation, f Fact) error {
	return w.replyFailed(ctx, tx, c, f, "") // the report names no address
}

// replyFailed is ReplyFailed with the address that didn't get the reply (missed), if others may have got it, or "".
func (w *work) replyFailed(ctx context.Context, tx pgx.Tx, c *Conversation, f Fact, missed string) error {
	m := w.Messages.Get(f.Message)
	if m == nil || isTakenBack(m) || isDeletedUnclear(m) || w.isOldResult(m, f) || w.isProvenSent(f) {
		return nil
	}
	if w.noteAutoReply(c, m, store.FateFailed, f) {
		return nil
	}
	if f.Class == string(channels.TemplateBad) && TemplateOf(&m.Message) != nil {
		return w.TemplateFailed(ctx, tx, c, m, f)
	}
	if w.settleIfStopped(c, m, f.Delivery) {
		return nil
	}

	d := w.Outbox.DeliveryOf(m, f.Delivery)
	part := w.PartName(m, d)
	hasLeftInPart := part != "" || d != nil && d.Part > 0
	isParked := m.Fate == store.FateParked // with its text, which was refused: a click sends all that has not left
	canBeParked := !hasLeftInPart || isParked
	if canBeParked && f.Class == string(channels.WindowClosed) {
		w.ClosedByProvider(c, m, d, f.Text)
		return nil
	}
	if isParked {
		return nil
	}

	if !IsConfidential(&m.Message) { // a confidential message stays confidential, even if a part of it fails
		m.SetFate(store.FateFailed, store.Reason(f.Class))
	}
	w.Log.ByParley(c, store.DeedNotDelivered, Detail{Message: m.ID, Why: bridge.InWords(f.Text)})
	w.Mark(c, m, bridge.MarkWarning)

	line := bridge.Line{
		Content: &bridge.FailedLine{Trouble: f.Text, Hint: f.Hint, Missed: missed},
		Text:    part,
		Verbs:   []bridge.Verb{bridge.VerbSendAgain},
		Args:    bridge.Args{Delivery: f.Delivery},
	}
	if slices.ContainsFunc(m.Files, func(f store.FileRef) bool { return FromSurface(f).Unavailable != "" }) {
		line.Verbs = []bridge.Verb{bridge.VerbReply} // an unavailable file would make it fail again
	}
	w.TellWith(c, m, line)
	w.tellOrigin(c, m, f.Text)
	w.noteOptOut(c, m, f)
	w.awaitAnswerAgain(c, m)
	return nil
}

// tellOrigin says in the conversation that a failed mail repeats that it didn't reach its recipient.
func (w *work) tellOrigin(c *Conversation, m *Message, trouble string) {
	id, err := strconv.ParseInt(c.Traits[bridge.TraitSentFrom], 10, 64)
	isFirst := m.CreatedAt.Equal(c.CreatedAt)
	if err != nil || !isFirst {
		return
	}
	origin := w.Conversations.Get(store.ConversationID(id))
	if origin == nil || m.AgentID == nil {
		return
	}
	SetAsides(origin, slices.DeleteFunc(bridge.AsidesOf(origin.Traits), func(a bridge.Aside) bool { return a.Conversation == c.ID }))
	line := bridge.Line{Content: &bridge.EmailedLine{Trouble: trouble}, Verb: bridge.VerbEmail, Other: w.Refer(c, m.AccountID)}
	line.Mentions = []bridge.AgentRef{w.Dir.Ref(m.AccountID, *m.AgentID)}
	for _, p := range c.Participants {
		line.Args.Addresses = append(line.Args.Addresses, p.Key)
	}
	w.Line(origin, line)
}

// awaitAnswerAgain makes a conversation wait for an answer again after a reply failed. If the reply had ended the customer's wait, that
// wait continues.
func (w *work) awaitAnswerAgain(c *Conversation, m *Message) {
	hadEnded := c.WaitingSince == nil
	w.Messages.AwaitAnswerAgain(c)

	d := w.Outbox.FirstPartOf(m)
	if d == nil || !hadEnded || d.DecodedPayload().Waited == nil {
		return
	}
	if c.WaitingSince != nil {
		c.WaitingSince = d.DecodedPayload().Waited
		return
	}
	w.passWaitOn(c, m, d)
}

// passWaitOn records with the other replies to the same message since when the customer had waited, so that the wait can continue if
// they fail, too.
func (w *work) passWaitOn(c *Conversation, m *Message, failed *Delivery) {
	for _, other := range w.Messages.AnswersBeside(c, m) {
		d := w.Outbox.FirstPartOf(other)
		if d == nil {
			continue
		}
		if p := d.DecodedPayload(); p.Waited == nil {
			p.Waited = failed.DecodedPayload().Waited
			d.SetPayload(p)
		}
	}
}

// ReplyLate shows a reply's author that the reply has not left yet, unless it was taken back since, or a receipt proves that it has left.
func (w *work) ReplyLate(c *Conversation, f Fact) {
	m := w.Messages.Get(f.Message)
	if m == nil || m.Fate == store.FateOut || isTakenBack(m) || m.IsAutomaticReply() {
		return
	}

	d := w.Outbox.DeliveryOf(m, f.Delivery)
	retrying := &bridge.RetryingLine{Trouble: f.Text, Hint: f.Hint}
	if d != nil && d.FirstAt != nil {
		retrying.Since = *d.FirstAt
	}
	w.TellWith(c, m, bridge.Line{Content: retrying, Text: w.PartName(m, d)})
}

// ReplyUnclear asks a person whether a reply was sent, because its result stays unknown.
func (w *work) ReplyUnclear(c *Conversation, f Fact) {
	m := w.Messages.Get(f.Message)
	if m == nil || w.isOldResult(m, f) {
		return
	}
	if w.isProvenSent(f) || w.hasEndedAs(f, store.Failed) || w.noteAutoReply(c, m, store.FateUnclear, f) {
		return
	}
	w.Log.ByParley(c, store.DeedUnclear, Detail{Message: m.ID, Why: bridge.InWords(f.Text)})
	if isTakenBack(m) { // there is nothing to decide
		w.TellWith(c, m, MayHaveLeft(w.Outbox.DeliveryOf(m, f.Delivery), f.Text))
		return
	}
	if m.Fate == store.FateParked { // with its text: whoever sends it is asked then
		d := w.Outbox.DeliveryOf(m, f.Delivery)
		w.Line(c, bridge.Line{Content: &bridge.UnclearLine{Trouble: f.Text}, Text: w.PartName(m, d)})
		return
	}

	m.Fate, m.Dirty = store.FateUnclear, true
	w.Mark(c, m, bridge.MarkWarning)
	line := UnclearReply(w.Writer, c, m, w.Outbox.DeliveryOf(m, f.Delivery), f.Text)
	line.Args.Delivery = f.Delivery
	w.TellWith(c, m, line)
}

// noteAutoReply notes that an automatic reply didn't reach its customer, or that nobody can tell. The line about it shows that, and nobody
// is asked to send it again. It returns false for other messages.
func (w *work) noteAutoReply(c *Conversation, m *Message, fate store.Fate, f Fact) bool {
	if !m.IsAutomaticReply() {
		return false
	}
	m.Fate, m.Dirty = fate, true
	w.Log.ByParley(c, store.DeedNotDelivered, Detail{Message: m.ID, Why: bridge.InWords(f.Text)})
	w.noteOptOut(c, m, f)
	return true
}
