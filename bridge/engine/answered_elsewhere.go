package engine

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/engine/outbound"
	"parley/channels"
	"parley/store"
)

// What is shown with an answer that was written elsewhere.
const (
	elsewhereNotice = "Answered elsewhere, not from here."
	machineNotice   = "Sent elsewhere, too soon for a person: it doesn't count as an answer."
)

// soonest is the shortest time in which a person can answer a customer's words. What comes sooner
// was sent by a machine: providers don't tell the automatic answers of their inboxes from those of people.
const soonest = 5 * time.Second

// answeredElsewhere shows an answer that was given without Parley. It counts as one,
// unless a machine gave it.
func (w *work) answeredElsewhere(ctx context.Context, tx pgx.Tx, a *store.Account, part int, in channels.Inbound) error {
	if m, c := w.named(a, in.ExternalID); m != nil {
		w.copyOfAnswer(c, m, in)
		return nil
	}
	c, err := w.answeredIn(ctx, tx, a, in)
	if err != nil || c == nil {
		return err
	}
	t, err := w.openThread(c)
	if err != nil {
		return err
	}
	before := c.LastExternalID
	m := w.inboundMessage(c, a, part, in)
	c.LastExternalID = before // that names the customer's last message
	m.Direction, m.Fate, m.Reason, m.IdentityID = store.DirectionOut, store.FateOut, outbound.ElsewhereReason, nil
	notice := elsewhereNotice
	if in.Origin != "" {
		notice = "Answered " + in.Origin + "."
	}
	c.LastFrom = "agent"
	if w.byMachine(c, in) {
		m.Reason, notice = outbound.MachineReason, machineNotice
	} else {
		w.countElsewhere(c, m)
	}
	m.AuthorUser, m.Notices = cmp.Or(in.Author, a.Name), append([]string{notice}, m.Notices...)
	w.showSaid(c, t, m, outbound.Payload{})
	c.refreshCard()
	return nil
}

// answeredIn finds the conversation that an answer belongs to, or opens one with the customer whom
// the provider names. It is nil for a mail that answers no conversation, or whose recipients are
// not the customer: a mail forwarded to a supplier answers nobody.
func (w *work) answeredIn(ctx context.Context, tx pgx.Tx, a *store.Account, in channels.Inbound) (*conv, error) {
	c := w.conversationOf(a, in)
	if in.From.Key == "" {
		if c == nil || !c.isFor(in) {
			return nil, nil
		}
		return c, nil
	}
	if _, err := w.people.customerOf(a, in); err != nil || c != nil {
		return c, err
	}
	c, err := w.newConversation(ctx, tx, a, in, nil)
	if err == nil {
		w.recipients(c, in, 0)
	}
	return c, err
}

// isFor says that a mail goes to a conversation's customer, or to whom replies go instead.
func (c *conv) isFor(in channels.Inbound) bool {
	to, _ := outbound.Addressed(c.Participants)
	return slices.ContainsFunc(slices.Concat(in.To, in.Cc), func(p channels.Party) bool {
		return c.identity != nil && c.identity.Key == p.Key || slices.ContainsFunc(to, func(q store.Participant) bool { return q.Key == p.Key })
	})
}

// copyOfAnswer handles a message that was sent elsewhere and that Parley has already. If it came into
// the inbox from an address of our own, that alone proved nothing, and it was shown as it came. That
// it is found among the sent ones too makes it an answer.
func (w *work) copyOfAnswer(c *conv, m *message, in channels.Inbound) {
	if m.Direction != store.DirectionIn || m.Automatic != channels.AutomaticOwn || c == nil || c.Kind != "customer" || !c.isFor(in) {
		return // ours after all, or a customer's
	}
	c.LastFrom = "agent"
	w.countElsewhere(c, m)
	c.refreshCard()
}

// shownAsAnswer says that what came into the inbox from an address of our own is a copy of an answer
// that was found where it was sent.
func (w *work) shownAsAnswer(a *store.Account, in channels.Inbound) bool {
	m, _ := w.named(a, in.ExternalID)
	return m != nil && m.Reason == outbound.ElsewhereReason && in.Automatic == channels.AutomaticOwn
}

// bouncedElsewhere tells that an answer is late or was not delivered. It was written elsewhere, so
// Parley has no delivery of it.
func (w *work) bouncedElsewhere(c *conv, m *message, s *channels.Status) {
	switch {
	case m.Reason != outbound.ElsewhereReason || m.Fate != store.FateOut:
	case s.Delayed:
		w.line(c, bridge.Line{Content: &bridge.DelayedLine{Reason: s.Reason}, Text: m.Text})
	case s.State == channels.StateFailed:
		m.Fate, m.dirty = store.FateFailed, true
		w.log.byParley(c, store.DeedNotDelivered, detail{Message: m.ID, Reason: bounceText(s)})
		w.line(c, bridge.Line{Content: &bridge.FailedLine{Reason: bounceText(s), Hint: "It was not written here: answer again, to an address that works."},
			Text: m.Text})
		w.messages.unanswered(c)
	}
}

// byMachine says that an answer came too soon after the customer's words for a person to have
// written it. Both times are of the provider's clock.
func (w *work) byMachine(c *conv, in channels.Inbound) bool {
	return c.WindowFrom != nil && !in.At.IsZero() && in.At.Add(w.now.Sub(w.real)).Before(c.WindowFrom.Add(soonest))
}

// countElsewhere changes the conversation as an answer does.
func (w *work) countElsewhere(c *conv, m *message) {
	c.WaitingSince = nil
	if c.status() == bridge.StatusSnoozed {
		w.endSnooze(c)
		c.Status = string(bridge.StatusOpen)
	}
	if w.settings(c).AutoPending && c.status() == bridge.StatusOpen {
		c.Status = string(bridge.StatusPending)
	}
	w.log.byParley(c, store.DeedAnsweredElsewhere, detail{Message: m.ID})
}

// ownAgain takes the provider's sighting of a message that we sent, and ties the provider's id to that
// message. If the sighting has a status, the message's fate is known even if the answer to our
// request was lost.
func (w *work) ownAgain(ctx context.Context, tx pgx.Tx, a *store.Account, part int, in channels.Inbound) error {
	s := channels.Status{MessageID: in.Answers, External: []string{in.ExternalID}}
	if in.Status != nil {
		s = *in.Status
		s.MessageID = cmp.Or(s.MessageID, in.Answers)
	}
	m := w.statusMessage(a, &s)
	if m == nil || m.Direction == store.DirectionIn {
		return nil
	}
	w.messages.tieSent(a, m, in.ExternalID)
	if in.Status == nil {
		return nil
	}
	in.Status = &s
	return w.applyStatus(ctx, tx, a, part, in)
}

// watermark applies a receipt, such as "read", to all replies that were sent to a customer up to a time.
// Errors: notYet while the result of one of them may be about to be written.
func (w *work) watermark(ctx context.Context, tx pgx.Tx, a *store.Account, in channels.Inbound) error {
	sent := w.sentUpTo(a, in)
	for _, d := range sent {
		if d.State == store.Sending && w.age() < resultWait {
			return w.wait(resultWait - w.age())
		}
	}
	for _, d := range sent {
		if rank(d.State) == 0 {
			continue
		}
		c, m := w.convs.rows[w.outbox.lanes[d.LaneID].ConversationID], w.messages.rows[d.MessageID]
		if err := w.receipt(ctx, tx, c, d, m, in.Status); err != nil {
			return err
		}
	}
	return nil
}

// sentUpTo gives the replies to a customer whose latest attempt began up to a receipt's time.
func (b *book) sentUpTo(a *store.Account, in channels.Inbound) []*delivery {
	i := b.people.byAddress[userKey{a.ID, in.From.Key}]
	if i == nil {
		return nil
	}
	var list []*delivery
	for _, id := range keys(b.outbox.deliveries) {
		d := b.outbox.deliveries[id]
		l := b.outbox.lanes[d.LaneID]
		if d.Kind != outbound.KindReply || l == nil || d.SentAt == nil || d.SentAt.After(in.Status.UpTo) {
			continue
		}
		c := b.convs.rows[l.ConversationID]
		if c != nil && b.messages.rows[d.MessageID] != nil && c.AccountID == a.ID && b.people.rootOf(c) == i {
			list = append(list, d)
		}
	}
	return list
}

// accountNotice tells an account's people what its provider says of it.
func (w *work) accountNotice(a *store.Account, in channels.Inbound) {
	for _, n := range in.Notices {
		w.tellCondition(ownFact{Account: a.ID, Text: n})
	}
}
