package inbound

import (
	"cmp"
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/files"
	"parley/bridge/engine/outbound"
	"parley/bridge/engine/own"
	"parley/bridge/engine/threads"
	"parley/channels"
	"parley/store"
)

// This file records what becomes of replies: results of our own attempts to send them, and receipts by which a provider reports later
// that a reply was sent, delivered, read, or has failed. Both may arrive in either order. A delivery is one message on its way to a
// customer; a reply with many files has several (parts), and several replies may leave as one message (a run).

// ReplyLanded records that the provider has accepted a reply.
func (rc *Receipts) ReplyLanded(c *book.Conversation, f own.Fact) {
	m := rc.Messages.Rows[f.Message]
	if m == nil {
		return
	}

	if f.External != "" {
		m.ExternalID, m.Dirty = f.External, true
		rc.Messages.LinkExternalID(c.AccountID, f.External, c.ID, m.ID)
		rc.AddRef(c, f.External)
	}

	rc.noteCounts(c, m, f.Parts, f.Cost)
	if rc.hasEndedAs(f, store.Failed) {
		return // a receipt has reported a later failure
	}
	const isNew = true
	if rc.isOldResult(m, f) || rc.settleIfStopped(c, m, f.Delivery) || rc.awaitOtherParts(c, m, isNew) {
		return
	}
	if m.Fate == store.FateFailed || m.Fate == store.FateOut || m.Fate == store.FateParked {
		return // a bounce or a receipt arrived first, or the reply's text was refused and is parked
	}

	rc.speech.CustomerGot(c, m)
	rc.MarkSent(c, m, f.Followed)
}

// noteCounts records how many SMS the provider charges for a message, and its price category.
func (rc *Receipts) noteCounts(c *book.Conversation, m *book.Message, parts int, cost string) {
	if parts > m.Parts {
		m.Parts, m.Dirty = parts, true
		if parts > 1 { // agents see when a text is charged more than once
			line := bridge.Line{Content: &bridge.PartsLine{Count: parts}}
			if t := c.Home(rc.Dir); t != nil {
				line.SourceRef = threads.SourceOf(m, t)
			}
			rc.Line(c, line)
		}
	}
	if cost != "" && cost != m.Cost {
		m.Cost, m.Dirty = cost, true
		c.Cost = cost
		c.Touch()
	}
}

// ReplyFailed marks a reply as failed, and shows its author that the customer didn't get it.
func (rc *Receipts) ReplyFailed(ctx context.Context, tx pgx.Tx, c *book.Conversation, f own.Fact) error {
	return rc.replyFailed(ctx, tx, c, f, "") // the report names no address
}

// replyFailed is ReplyFailed with the address that didn't get the reply (missed), if others may have got it, or "".
func (rc *Receipts) replyFailed(ctx context.Context, tx pgx.Tx, c *book.Conversation, f own.Fact, missed string) error {
	m := rc.Messages.Rows[f.Message]
	if m == nil || isTakenBack(m) || isDeletedUnclear(m) || rc.isOldResult(m, f) || rc.isProvenSent(f) {
		return nil
	}
	if f.Class == string(channels.TemplateBad) && outbound.TemplateOf(&m.Message) != nil {
		return rc.templates.TemplateFailed(ctx, tx, c, m, f)
	}
	if rc.settleIfStopped(c, m, f.Delivery) {
		return nil
	}

	d := rc.Outbox.DeliveryOf(m, f.Delivery)
	part := rc.PartName(m, d)
	hasLeftInPart := part != "" || d != nil && d.Part > 0
	isParked := m.Fate == store.FateParked // with its text, which was refused: a click sends all that has not left
	canBeParked := !hasLeftInPart || isParked
	if canBeParked && f.Class == string(channels.WindowClosed) {
		rc.replies.ClosedByProvider(c, m, d, f.Text)
		return nil
	}
	if isParked {
		return nil
	}

	if !book.IsConfidential(&m.Message) { // a confidential message stays confidential, even if a part of it fails
		m.SetFate(store.FateFailed, store.Reason(f.Class))
	}
	rc.Log.ByParley(c, store.DeedNotDelivered, book.Detail{Message: m.ID, Why: bridge.InWords(f.Text)})
	rc.Mark(c, m, bridge.MarkWarning)

	line := bridge.Line{
		Content: &bridge.FailedLine{Trouble: f.Text, Hint: f.Hint, Missed: missed},
		Text:    part,
		Verbs:   []bridge.Verb{bridge.VerbSendAgain},
		Args:    bridge.Args{Delivery: f.Delivery},
	}
	if slices.ContainsFunc(m.Files, func(f store.FileRef) bool { return files.FromSurface(f).Unavailable != "" }) {
		line.Verbs = []bridge.Verb{bridge.VerbReply} // an unavailable file would make it fail again
	}
	rc.TellWith(c, m, line)
	rc.intake.noteOptOut(c, m, f)
	rc.awaitAnswerAgain(c, m)
	return nil
}

// awaitAnswerAgain makes a conversation wait for an answer again after a reply failed. If the reply had ended the customer's wait, that
// wait continues.
func (rc *Receipts) awaitAnswerAgain(c *book.Conversation, m *book.Message) {
	hadEnded := c.WaitingSince == nil
	rc.Messages.AwaitAnswerAgain(c)

	d := rc.Outbox.FirstPartOf(m)
	if d == nil || !hadEnded || d.DecodedPayload().Waited == nil {
		return
	}
	if c.WaitingSince != nil {
		c.WaitingSince = d.DecodedPayload().Waited
		return
	}
	rc.passWaitOn(c, m, d)
}

// passWaitOn records with the other replies to the same message since when the customer had waited, so that the wait can continue if
// they fail, too.
func (rc *Receipts) passWaitOn(c *book.Conversation, m *book.Message, failed *book.Delivery) {
	for _, other := range rc.Messages.AnswersBeside(c, m) {
		d := rc.Outbox.FirstPartOf(other)
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
func (rc *Receipts) ReplyLate(c *book.Conversation, f own.Fact) {
	m := rc.Messages.Rows[f.Message]
	if m == nil || m.Fate == store.FateOut || isTakenBack(m) {
		return
	}

	d := rc.Outbox.DeliveryOf(m, f.Delivery)
	retrying := &bridge.RetryingLine{Trouble: f.Text, Hint: f.Hint}
	if d != nil && d.FirstAt != nil {
		retrying.Since = *d.FirstAt
	}
	rc.TellWith(c, m, bridge.Line{Content: retrying, Text: rc.PartName(m, d)})
}

// ReplyUnclear asks a person whether a reply was sent, because its result stays unknown.
func (rc *Receipts) ReplyUnclear(c *book.Conversation, f own.Fact) {
	m := rc.Messages.Rows[f.Message]
	if m == nil || rc.isOldResult(m, f) {
		return
	}
	if rc.isProvenSent(f) || rc.hasEndedAs(f, store.Failed) {
		return
	}
	rc.Log.ByParley(c, store.DeedUnclear, book.Detail{Message: m.ID, Why: bridge.InWords(f.Text)})
	if isTakenBack(m) { // there is nothing to decide
		rc.TellWith(c, m, threads.MayHaveLeft(rc.Outbox.DeliveryOf(m, f.Delivery), f.Text))
		return
	}
	if m.Fate == store.FateParked { // with its text: whoever sends it is asked then
		d := rc.Outbox.DeliveryOf(m, f.Delivery)
		rc.Line(c, bridge.Line{Content: &bridge.UnclearLine{Trouble: f.Text}, Text: rc.PartName(m, d)})
		return
	}

	m.Fate, m.Dirty = store.FateUnclear, true
	rc.Mark(c, m, bridge.MarkWarning)
	line := threads.UnclearReply(rc.Writer, c, m, rc.Outbox.DeliveryOf(m, f.Delivery), f.Text)
	line.Args.Delivery = f.Delivery
	rc.TellWith(c, m, line)
}

// applyStatus applies a provider's receipt for one of our messages or, if it has UpTo, for all up to a time.
func (rc *Receipts) applyStatus(ctx context.Context, tx pgx.Tx, a *store.Account, part int, in channels.Inbound) error {
	if !in.Status.UpTo.IsZero() {
		return rc.applyWatermark(ctx, tx, a, in)
	}

	m := rc.StatusMessage(a, in.Status)
	if m == nil && rc.mayPrecedeResult(a, in) {
		return rc.PutAsideForID(a.ID, in.Status.External[0], book.ResultWait-rc.Age())
	}
	if m == nil {
		d, err := rc.replyByRecipient(ctx, tx, a, in)
		if err != nil {
			return err
		}
		if d != nil {
			m = rc.Messages.Rows[d.MessageID]
			return rc.applyToReply(ctx, tx, a, rc.Conversations.Rows[m.ConversationID], m, d, in.Status)
		}
	}
	isOurs := m != nil && m.Direction != store.DirectionIn
	if !isOurs {
		return rc.applyUnmatched(ctx, tx, a, part, in)
	}

	c := rc.Conversations.Rows[m.ConversationID]
	d, err := rc.DeliveryOfReceipt(m, in.Status)
	if err != nil || c == nil {
		return err
	}
	if d == nil {
		rc.intake.elsewhere.applyBounce(c, m, in.Status)
		return nil
	}
	if rc.Outbox.Lanes[d.LaneID] == nil {
		return nil
	}
	return rc.applyToReply(ctx, tx, a, c, m, d, in.Status)
}

// applyToReply applies a receipt to the reply m, and to all others that left with it as one message. d is the delivery of m that the
// receipt is about.
func (rc *Receipts) applyToReply(
	ctx context.Context, tx pgx.Tx, a *store.Account, c *book.Conversation, m *book.Message, d *book.Delivery, s *channels.Status,
) error {
	if s.MessageID == int64(m.ID) && len(s.External) > 0 {
		rc.linkSentID(a, m, s)
	}
	if s.Early && s.State != channels.StateFailed {
		return rc.noteEarlyPiece(d, s)
	}
	rc.noteCounts(c, m, s.Parts, s.Cost)

	run := rc.Outbox.RunOf(d)
	for _, one := range run {
		reply := rc.Messages.Rows[one.MessageID]
		if reply == nil || wasLeftOut(one, run) {
			continue
		}
		if err := rc.applyReceipt(ctx, tx, c, one, reply, s); err != nil {
			return err
		}
		if reply.Fate == store.FateOut {
			followed := !threads.IsLastInRun(run, one)
			rc.MarkSent(c, reply, followed)
		}
	}
	return nil
}

// linkSentID maps the provider's id in a receipt to the message. The id of an early piece doesn't become the message's own.
func (rc *Receipts) linkSentID(a *store.Account, m *book.Message, s *channels.Status) {
	if s.Early {
		rc.Messages.LinkExternalID(a.ID, s.External[0], m.ConversationID, m.ID)
		return
	}
	rc.Messages.LinkSentID(a, m, s.External[0])
}

// mayPrecedeResult reports whether a receipt may be about a message whose sending isn't recorded yet. That happens only in chats:
// reports about mail name our own Message-ID, or the recipient (replyByRecipient). It is false for a message that another system may
// have sent (Status.Others).
func (rc *Receipts) mayPrecedeResult(a *store.Account, in channels.Inbound) bool {
	if in.Status.Others || rc.Age() >= book.ResultWait {
		return false
	}
	ch := rc.Channel(a.ID)
	isChat := ch != nil && !ch.Capabilities().Threads
	namesOnlyExternal := in.Status.MessageID == 0 && len(in.Status.External) > 0
	return isChat && namesOnlyExternal
}

// isOfOtherSystem reports whether a receipt that matches no message of ours is ignored, because another system or account may have sent
// the message. In a chat, that is assumed unless the receipt reports a problem.
func (rc *Receipts) isOfOtherSystem(a *store.Account, s *channels.Status) bool {
	if s.Others {
		return true
	}
	isProblem := s.State == channels.StateFailed || s.Delayed
	return !isProblem && !rc.Caps(a.ID).Threads
}

// applyReceipt applies a receipt to one delivery.
func (rc *Receipts) applyReceipt(
	ctx context.Context, tx pgx.Tx, c *book.Conversation, d *book.Delivery, m *book.Message, s *channels.Status,
) error {
	if s.Delayed {
		rc.settleUnclear(c, d, m)
		if rc.isShownForRun(d) {
			late := &bridge.DelayedLine{Trouble: s.Reason, Recipient: otherRecipient(c, d.DecodedPayload(), s)}
			rc.TellWith(c, m, bridge.Line{Content: late})
		}
		return nil
	}
	if s.State == channels.StateFailed {
		return rc.applyFailure(ctx, tx, c, d, m, s)
	}
	if book.StateRank(store.DeliveryState(s.State)) <= book.StateRank(d.State) || lacksPiece(d) {
		return nil
	}
	rc.applyState(c, d, m, store.DeliveryState(s.State))
	return nil
}

// applyState sets a state that proves that a delivery was sent.
func (rc *Receipts) applyState(c *book.Conversation, d *book.Delivery, m *book.Message, state store.DeliveryState) {
	isNew := !d.IsAccepted()
	rc.Outbox.Settle(d, state)
	rc.noteProvenSent(c, m, isNew)
	if m.Fate == store.FateOut {
		const followed = false // for a run, applyToReply then marks each reply
		rc.MarkSent(c, m, followed)
	}
}

// settleUnclear marks an unclear delivery as sent, because a report that a server still has it, or that somebody in copy didn't get it,
// proves that it left. If the delivery was sent again, the report may be about the first time and proves nothing.
func (rc *Receipts) settleUnclear(c *book.Conversation, d *book.Delivery, m *book.Message) {
	isUnclear := d.State == store.Unknown || d.State == store.NeedsDecision
	if isUnclear && d.DecodedPayload().Again == 0 {
		rc.applyState(c, d, m, store.Accepted)
	}
}

// noteProvenSent records that a receipt proves a message to have been sent, even if the response to our request was lost or a bounce
// has arrived. isNew means that this is the first proof for the part that the receipt is about.
func (rc *Receipts) noteProvenSent(c *book.Conversation, m *book.Message, isNew bool) {
	if rc.awaitOtherParts(c, m, isNew) {
		return
	}
	switch m.Fate {
	case store.FateUnclear, store.FateWaiting, store.FateFailed:
		rc.speech.CustomerGot(c, m)
	default:
		if isTakenBack(m) {
			rc.speech.CustomerGot(c, m)
		}
	}
}

// applyOwnCopy takes the provider's id from a copy of a message that we sent, and the status if the copy has one. It works
// even if the response to our request was lost.
func (rc *Receipts) applyOwnCopy(ctx context.Context, tx pgx.Tx, a *store.Account, part int, in channels.Inbound) error {
	s := channels.Status{MessageID: in.Answers.Message, External: []string{in.ExternalID}}
	if in.Status != nil {
		s = *in.Status
		s.MessageID = cmp.Or(s.MessageID, in.Answers.Message)
	}
	m := rc.StatusMessage(a, &s)
	if m == nil || m.Direction == store.DirectionIn {
		return nil
	}
	rc.Messages.LinkSentID(a, m, in.ExternalID)
	if in.Status == nil {
		return nil
	}
	in.Status = &s
	return rc.applyStatus(ctx, tx, a, part, in)
}
