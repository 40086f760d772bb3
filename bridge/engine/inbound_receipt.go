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
func (rc *Receipts) applyStatus(ctx context.Context, tx pgx.Tx, a *store.Account, part int, in channels.Inbound) error {
	if !in.Status.UpTo.IsZero() {
		return rc.applyWatermark(ctx, tx, a, in)
	}

	m := rc.StatusMessage(a, in.Status)
	if m == nil && rc.mayPrecedeResult(a, in) {
		return rc.PutAsideForID(a.ID, in.Status.External[0], ResultWait-rc.Age())
	}
	if m == nil {
		d, err := rc.replyByRecipient(ctx, tx, a, in)
		if err != nil {
			return err
		}
		if d != nil {
			m = rc.Messages.Get(d.MessageID)
			return rc.applyToReply(ctx, tx, a, rc.Conversations.Get(m.ConversationID), m, d, in.Status)
		}
	}
	isOurs := m != nil && m.Direction != store.DirectionIn
	if !isOurs {
		return rc.applyUnmatched(ctx, tx, a, part, in)
	}

	c := rc.Conversations.Get(m.ConversationID)
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
	ctx context.Context, tx pgx.Tx, a *store.Account, c *Conversation, m *Message, d *Delivery, s *channels.Status,
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
		reply := rc.Messages.Get(one.MessageID)
		if reply == nil || wasLeftOut(one, run) {
			continue
		}
		if err := rc.applyReceipt(ctx, tx, c, one, reply, s); err != nil {
			return err
		}
		if reply.Fate == store.FateOut {
			rc.MarkSent(c, reply)
		}
	}
	return nil
}

// linkSentID maps the provider's id in a receipt to the message. The id of an early piece doesn't become the message's own.
func (rc *Receipts) linkSentID(a *store.Account, m *Message, s *channels.Status) {
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
	if in.Status.Others || rc.Age() >= ResultWait {
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
	ctx context.Context, tx pgx.Tx, c *Conversation, d *Delivery, m *Message, s *channels.Status,
) error {
	if s.Delayed {
		rc.settleUnclear(c, d, m)
		if rc.isShownForRun(d) && !m.IsAutomaticReply() {
			late := &bridge.DelayedLine{Trouble: s.Reason, Recipient: otherRecipient(c, d.DecodedPayload(), s)}
			rc.TellWith(c, m, bridge.Line{Content: late})
		}
		return nil
	}
	if s.State == channels.StateFailed {
		return rc.applyFailure(ctx, tx, c, d, m, s)
	}
	if StateRank(store.DeliveryState(s.State)) <= StateRank(d.State) || lacksPiece(d) {
		return nil
	}
	rc.applyState(c, d, m, store.DeliveryState(s.State))
	return nil
}

// applyFailure applies a report that somebody didn't get a delivery. The reply fails, except in these cases:
//   - Only somebody in copy didn't get it. A line shows that. The report also proves that the delivery left, if
//     that was unknown.
//   - The report is about an earlier sending of the delivery. A line shows that.
//   - The delivery has already arrived, or was taken back. But a report about an earlier piece (s.Early)
//     counts, because the arrival of the last piece says nothing about the others.
//   - It has failed already. A line shows the additional recipient.
func (rc *Receipts) applyFailure(
	ctx context.Context, tx pgx.Tx, c *Conversation, d *Delivery, m *Message, s *channels.Status,
) error {
	further := &bridge.FailedLine{Recipient: s.Recipient, Trouble: s.Reason}

	if isAboutCopy(c, d.DecodedPayload(), s) {
		further.Copied = true
		rc.settleUnclear(c, d, m)
		rc.showFurtherFailure(c, d, m, further)
		return nil
	}
	if isAboutEarlierSending(c, d, s) {
		rc.showFurtherFailure(c, d, m, further)
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
		rc.showFurtherFailure(c, d, m, further)
		return nil
	}

	rc.Outbox.Settle(d, store.Failed)
	d.ErrorClass = string(s.Class)
	d.ErrorText = strings.Join(append([]string{bounceText(s)}, reportedRecipients(d)...), "\n") // see showFurtherFailure
	f := Fact{Message: m.ID, Delivery: d.ID, Class: string(s.Class), Text: bounceText(s), Hint: s.Hint}
	if !hadSeveralRecipients(c, d.DecodedPayload()) {
		return rc.ReplyFailed(ctx, tx, c, f)
	}
	return rc.replyFailed(ctx, tx, c, f, s.Recipient)
}

// applyState sets a state that proves that a delivery was sent.
func (rc *Receipts) applyState(c *Conversation, d *Delivery, m *Message, state store.DeliveryState) {
	isNew := !d.IsAccepted()
	rc.Outbox.Settle(d, state)
	rc.noteProvenSent(c, m, isNew)
	if m.Fate == store.FateOut {
		rc.MarkSent(c, m)
	}
}

// settleUnclear marks an unclear delivery as sent, because a report that a server still has it, or that somebody in copy didn't get it,
// proves that it left. If the delivery was sent again, the report may be about the first time and proves nothing.
func (rc *Receipts) settleUnclear(c *Conversation, d *Delivery, m *Message) {
	isUnclear := d.State == store.Unknown || d.State == store.NeedsDecision
	if isUnclear && d.DecodedPayload().Again == 0 {
		rc.applyState(c, d, m, store.Accepted)
	}
}

// noteProvenSent records that a receipt proves a message to have been sent, even if the response to our request was lost or a bounce
// has arrived. isNew means that this is the first proof for the part that the receipt is about.
func (rc *Receipts) noteProvenSent(c *Conversation, m *Message, isNew bool) {
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
