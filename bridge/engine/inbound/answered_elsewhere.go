package inbound

import (
	"cmp"
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/engine/book"
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
func (el *elsewhere) answeredElsewhere(ctx context.Context, tx pgx.Tx, a *store.Account, part int, in channels.Inbound) error {
	if m, c := el.MessageByExternalID(a, in.ExternalID); m != nil {
		el.copyOfAnswer(c, m, in)
		return nil
	}
	c, err := el.answeredIn(ctx, tx, a, in)
	if err != nil || c == nil {
		return err
	}
	t, err := el.OpenThread(c)
	if err != nil {
		return err
	}
	before := c.LastExternalID
	m := el.intake.inboundMessage(c, a, part, in)
	c.LastExternalID = before // that names the customer's last message
	m.Direction, m.Fate, m.Reason, m.IdentityID = store.DirectionOut, store.FateOut, outbound.ElsewhereReason, nil
	notice := elsewhereNotice
	if in.Foreign.Origin != "" {
		notice = "Answered " + in.Foreign.Origin + "."
	}
	c.LastFrom = "agent"
	if el.byMachine(c, in) {
		m.Reason, notice = outbound.MachineReason, machineNotice
	} else {
		el.countElsewhere(c, m)
	}
	m.AuthorUser, m.Notices = cmp.Or(in.Foreign.Author, a.Name), append([]string{notice}, m.Notices...)
	el.intake.showSaid(c, t, m, outbound.Payload{})
	c.RefreshCard()
	return nil
}

// answeredIn finds the conversation that an answer belongs to, or opens one with the customer whom
// the provider names. It is nil for a mail that answers no conversation, or whose recipients are
// not the customer: a mail forwarded to a supplier answers nobody.
func (el *elsewhere) answeredIn(ctx context.Context, tx pgx.Tx, a *store.Account, in channels.Inbound) (*book.Conversation, error) {
	c := el.ConversationOf(a, in)
	if in.From.Key == "" {
		if c == nil || !c.IsFor(in) {
			return nil, nil
		}
		return c, nil
	}
	if _, err := el.People.CustomerOf(a, in); err != nil || c != nil {
		return c, err
	}
	c, err := el.intake.newConversation(ctx, tx, a, in, nil)
	if err == nil {
		el.replies.Recipients(c, in, 0)
	}
	return c, err
}

// copyOfAnswer handles a message that was sent elsewhere and that Parley has already. If it came into
// the inbox from an address of our own, that alone proved nothing, and it was shown as it came. That
// it is found among the sent ones too makes it an answer.
func (el *elsewhere) copyOfAnswer(c *book.Conversation, m *book.Message, in channels.Inbound) {
	if m.Direction != store.DirectionIn || m.Automatic != channels.AutomaticOwn || c == nil || c.Kind != store.KindCustomer || !c.IsFor(in) {
		return // ours after all, or a customer's
	}
	c.LastFrom = "agent"
	el.countElsewhere(c, m)
	c.RefreshCard()
}

// shownAsAnswer reports whether what came into the inbox from an address of our own is a copy of an answer
// that was found where it was sent.
func (el *elsewhere) shownAsAnswer(a *store.Account, in channels.Inbound) bool {
	m, _ := el.MessageByExternalID(a, in.ExternalID)
	return m != nil && m.Reason == outbound.ElsewhereReason && in.Automatic == channels.AutomaticOwn
}

// bouncedElsewhere tells that an answer is late or was not delivered. It was written elsewhere, so
// Parley has no delivery of it.
func (el *elsewhere) bouncedElsewhere(c *book.Conversation, m *book.Message, s *channels.Status) {
	switch {
	case m.Reason != outbound.ElsewhereReason || m.Fate != store.FateOut:
	case s.Delayed:
		el.Line(c, bridge.Line{Content: &bridge.DelayedLine{Reason: s.Reason}, Text: m.Text})
	case s.State == channels.StateFailed:
		m.Fate, m.Dirty = store.FateFailed, true
		el.Log.ByParley(c, store.DeedNotDelivered, book.Detail{Message: m.ID, Reason: bounceText(s)})
		el.Line(c, bridge.Line{Content: &bridge.FailedLine{Reason: bounceText(s), Hint: "It was not written here: answer again, to an address that works."},
			Text: m.Text})
		el.Messages.AwaitAnswerAgain(c)
	}
}

// byMachine reports whether an answer came too soon after the customer's words for a person to have
// written it. Both times are of the provider's clock.
func (el *elsewhere) byMachine(c *book.Conversation, in channels.Inbound) bool {
	return c.WindowFrom != nil && !in.At.IsZero() && in.At.Add(el.Now.Sub(el.DatabaseNow)).Before(c.WindowFrom.Add(soonest))
}

// countElsewhere changes the conversation as an answer does.
func (el *elsewhere) countElsewhere(c *book.Conversation, m *book.Message) {
	c.WaitingSince = nil
	if c.BridgeStatus() == bridge.StatusSnoozed {
		el.workflow.EndSnooze(c)
		c.Status = string(bridge.StatusOpen)
	}
	if el.Settings(c).AutoPending && c.BridgeStatus() == bridge.StatusOpen {
		c.Status = string(bridge.StatusPending)
	}
	el.Log.ByParley(c, store.DeedAnsweredElsewhere, book.Detail{Message: m.ID})
}
