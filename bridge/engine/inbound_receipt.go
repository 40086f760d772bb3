package engine

import (
	"cmp"
	"context"
	"strings"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/channels"
	"parley/store"
)

// This file records receipts, by which a provider reports that a reply was sent, delivered, read, or has failed. The results of our own
// attempts to send it are in result.go, which also says what deliveries, parts and runs are.

// applyStatus applies a provider's receipt for one of our messages or, if it has UpTo, for all up to a time.
func (w *work) applyStatus(ctx context.Context, tx pgx.Tx, a *store.Account, part int, in channels.Inbound) error {
	if !in.Status.UpTo.IsZero() {
		return w.applyWatermark(ctx, tx, a, in)
	}

	m := w.StatusMessage(a, in.Status)
	if m == nil && w.mayPrecedeResult(a, in) {
		return w.PutAsideForID(a.ID, in.Status.External[0], ResultWait-w.Age())
	}
	if m == nil {
		d, err := w.replyByRecipient(ctx, tx, a, in)
		if err != nil {
			return err
		}
		if d != nil {
			m = w.Messages.Get(d.MessageID)
			return w.applyToReply(ctx, tx, a, w.Conversations.Get(m.ConversationID), m, d, in.Status)
		}
	}
	isOurs := m != nil && m.Direction != store.DirectionIn
	if !isOurs {
		return w.applyUnmatched(ctx, tx, a, part, in)
	}

	c := w.Conversations.Get(m.ConversationID)
	d, err := w.DeliveryOfReceipt(m, in.Status)
	if err != nil || c == nil {
		return err
	}
	if d == nil {
		w.applyBounce(c, m, in.Status)
		return nil
	}
	if w.Outbox.Lanes[d.LaneID] == nil {
		return nil
	}
	return w.applyToReply(ctx, tx, a, c, m, d, in.Status)
}

// applyToReply applies a receipt to the reply m, and to all others that left with it as one message. d is the delivery of m that the
// receipt is about.
func (w *work) applyToReply(
	ctx context.Context, tx pgx.Tx, a *store.Account, c *Conversation, m *Message, d *Delivery, s *channels.Status,
) error {
	if s.MessageID == int64(m.ID) && len(s.External) > 0 {
		w.linkSentID(a, m, s)
	}
	if s.Early && s.State != channels.StateFailed {
		return w.noteEarlyPiece(d, s)
	}
	w.noteCounts(c, m, s.Parts, s.Cost)

	run := w.Outbox.RunOf(d)
	for _, one := range run {
		reply := w.Messages.Get(one.MessageID)
		if reply == nil || wasLeftOut(one, run) {
			continue
		}
		if err := w.applyReceipt(ctx, tx, c, one, reply, s); err != nil {
			return err
		}
		if reply.Fate == store.FateOut {
			w.MarkSent(c, reply)
		}
	}
	return nil
}

// linkSentID maps the provider's id in a receipt to the message. The id of an early piece doesn't become the message's own.
func (w *work) linkSentID(a *store.Account, m *Message, s *channels.Status) {
	if s.Early {
		w.Messages.LinkExternalID(a.ID, s.External[0], m.ConversationID, m.ID)
		return
	}
	w.Messages.LinkSentID(a, m, s.External[0])
}

// mayPrecedeResult reports whether a receipt may be about a message whose sending isn't recorded yet. That happens only in chats:
// reports about mail name our own Message-ID, or the recipient (replyByRecipient). It is false for a message that another system may
// have sent (Status.Others).
func (w *work) mayPrecedeResult(a *store.Account, in channels.Inbound) bool {
	if in.Status.Others || w.Age() >= ResultWait {
		return false
	}
	ch := w.Channel(a.ID)
	isChat := ch != nil && !ch.Capabilities().Threads
	namesOnlyExternal := in.Status.MessageID == 0 && len(in.Status.External) > 0
	return isChat && namesOnlyExternal
}

// isOfOtherSystem reports whether a receipt that matches no message of ours is ignored, because another system or account may have sent
// the message. In a chat, that is assumed unless the receipt reports a problem.
func (w *work) isOfOtherSystem(a *store.Account, s *channels.Status) bool {
	if s.Others {
		return true
	}
	isProblem := s.State == channels.StateFailed || s.Delayed
	return !isProblem && !w.Caps(a.ID).Threads
}

// applyReceipt applies a receipt to one delivery.
func (w *work) applyReceipt(
	ctx context.Context, tx pgx.Tx, c *Conversation, d *Delivery, m *Message, s *channels.Status,
) error {
	if s.Delayed {
		w.settleUnclear(c, d, m)
		if w.isShownForRun(d) && !m.IsAutomaticReply() {
			late := &bridge.DelayedLine{Trouble: s.Reason, Recipient: otherRecipient(c, d.DecodedPayload(), s)}
			w.TellWith(c, m, bridge.Line{Content: late})
		}
		return nil
	}
	if s.State == channels.StateFailed {
		return w.applyFailure(ctx, tx, c, d, m, s)
	}
	if StateRank(store.DeliveryState(s.State)) <= StateRank(d.State) || lacksPiece(d) {
		return nil
	}
	w.applyState(c, d, m, store.DeliveryState(s.State))
	return nil
}

// applyFailure applies a report that somebody didn't get a delivery. The reply fails, except in these cases:
//   - Only somebody in copy didn't get it. A line shows that. The report also proves that the delivery left, if
//     that was unknown.
//   - The report is about an earlier sending of the delivery. A line shows that.
//   - The delivery has already arrived, or was taken back. But a report about an earlier piece (s.Early)
//     counts, because the arrival of the last piece says nothing about the others.
//   - It has failed already. A line shows the additional recipient.
func (w *work) applyFailure(
	ctx context.Context, tx pgx.Tx, c *Conversation, d *Delivery, m *Message, s *channels.Status,
) error {
	further := &bridge.FailedLine{Recipient: s.Recipient, Trouble: s.Reason}

	if isAboutCopy(c, d.DecodedPayload(), s) {
		further.Copied = true
		w.settleUnclear(c, d, m)
		w.showFurtherFailure(c, d, m, further)
		return nil
	}
	if isAboutEarlierSending(c, d, s) {
		w.showFurtherFailure(c, d, m, further)
		return nil
	}

	restartParts(d, s)
	arrivedWhole := hasArrived(d) && !s.Early
	if arrivedWhole || d.State == store.Cancelled {
		return nil
	}
	if s.Early {
		noteMissingPiece(d)
	}
	if d.State == store.Failed {
		w.showFurtherFailure(c, d, m, further)
		return nil
	}

	w.Outbox.Settle(d, store.Failed)
	d.ErrorClass = string(s.Class)
	d.ErrorText = strings.Join(append([]string{bounceText(s)}, reportedRecipients(d)...), "\n") // see showFurtherFailure
	f := Fact{Message: m.ID, Delivery: d.ID, Class: string(s.Class), Text: bounceText(s), Hint: s.Hint}
	if !hadSeveralRecipients(c, d.DecodedPayload()) {
		return w.ReplyFailed(ctx, tx, c, f)
	}
	return w.replyFailed(ctx, tx, c, f, s.Recipient)
}

// applyState sets a state that proves that a delivery was sent.
func (w *work) applyState(c *Conversation, d *Delivery, m *Message, state store.DeliveryState) {
	isNew := !d.IsAccepted()
	w.Outbox.Settle(d, state)
	w.noteProvenSent(c, m, isNew)
	if m.Fate == store.FateOut {
		w.MarkSent(c, m)
	}
}

// settleUnclear marks an unclear delivery as sent, because a report that a server still has it, or that somebody in copy didn't get it,
// proves that it left. If the delivery was sent again, the report may be about the first time and proves nothing.
func (w *work) settleUnclear(c *Conversation, d *Delivery, m *Message) {
	isUnclear := d.State == store.Unknown || d.State == store.NeedsDecision
	if isUnclear && d.DecodedPayload().Again == 0 {
		w.applyState(c, d, m, store.Accepted)
	}
}

// noteProvenSent records that a receipt proves a message to have been sent, even if the response to our request was lost or a bounce
// has arrived. isNew means that this is the first proof for the part that the receipt is about.
func (w *work) noteProvenSent(c *Conversation, m *Message, isNew bool) {
	if w.awaitOtherParts(c, m, isNew) {
		return
	}
	switch m.Fate {
	case store.FateUnclear, store.FateWaiting, store.FateFailed:
		w.CustomerGot(c, m)
	default:
		if isTakenBack(m) {
			w.CustomerGot(c, m)
		}
	}
}

// applyOwnCopy takes the provider's id from a copy of a message that we sent, and the status if the copy has one. It works
// even if the response to our request was lost.
func (w *work) applyOwnCopy(ctx context.Context, tx pgx.Tx, a *store.Account, part int, in channels.Inbound) error {
	s := channels.Status{MessageID: in.Answers.Message, External: []string{in.ExternalID}}
	if in.Status != nil {
		s = *in.Status
		s.MessageID = cmp.Or(s.MessageID, in.Answers.Message)
	}
	m := w.StatusMessage(a, &s)
	if m == nil || m.Direction == store.DirectionIn {
		return nil
	}
	w.Messages.LinkSentID(a, m, in.ExternalID)
	if in.Status == nil {
		return nil
	}
	in.Status = &s
	return w.applyStatus(ctx, tx, a, part, in)
}
