package engine

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/channels"
	"parley/store"
)

// An agent may answer a customer without Parley: in the mailbox itself, or in a provider's own inbox. Parley
// finds such an answer some time later, for example in the mailbox's Sent folder, and gets it as an inbound. It
// is shown in the conversation's thread and ends the customer's wait, unless a machine sent it or the customer
// has written since.

// Notices that are shown with such an answer.
const (
	elsewhereNotice = "Answered elsewhere, not from here."
	machineNotice   = "Sent elsewhere, too soon for a person: it doesn't count as an answer."
)

// minHumanAnswer is the shortest time in which a person can answer a message. Providers don't mark the
// automatic answers of their inboxes, so an answer that comes sooner counts as a machine's.
const minHumanAnswer = 5 * time.Second

// answeredElsewhere applies an answer that was given without Parley. part is its index among the inbounds of
// its event.
func (el *elsewhere) answeredElsewhere(ctx context.Context, tx pgx.Tx, a *store.Account, part int, in channels.Inbound) error {
	if m, c := el.MessageByExternalID(a, in.ExternalID); m != nil {
		return el.acceptCopy(ctx, tx, c, m, in)
	}

	c, err := el.answeredIn(ctx, tx, a, in)
	if err != nil || c == nil {
		return err
	}

	t, err := el.OpenThread(c)
	if err != nil {
		return err
	}

	wroteBefore, hasWrittenSince, err := el.timesAround(ctx, tx, c, in)
	if err != nil {
		return err
	}

	isByMachine := el.isByMachine(c, in, wroteBefore)
	before, err := el.intake.cutRepeated(ctx, tx, c, a, &in)
	if err != nil {
		return err
	}
	m := el.intake.addInbound(c, a, part, in)
	hide(m, before)
	m.Direction, m.Fate, m.Reason = store.DirectionOut, store.FateOut, store.ReasonElsewhere
	if isByMachine {
		m.Reason = store.ReasonMachine
	}
	m.IdentityID = nil
	m.AuthorUser = store.SurfaceUser(cmp.Or(in.Elsewhere.Author, a.Name))
	m.Notices = append([]string{noticeOf(in, isByMachine)}, m.Notices...)

	el.addToThread(c, in)
	if !isByMachine {
		noteAnswerAsLast(c, m, in, hasWrittenSince)
	}

	endsWait := !isByMachine && !hasWrittenSince
	if endsWait {
		if err := el.countAsAnswer(ctx, tx, c, m); err != nil {
			return err
		}
	}

	el.intake.showSaid(c, t, m, Payload{})
	c.RefreshCard()
	return nil
}

// addToThread adds an answer to the mails of a conversation. LastExternalID stays the customer's last message,
// which our replies answer.
func (el *elsewhere) addToThread(c *Conversation, in channels.Inbound) {
	customersLast := c.LastExternalID
	if in.ExternalID != "" {
		el.AddToThread(c, in)
	}
	c.LastExternalID = customersLast
}

// noteAnswerAsLast records an answer as the last message of the conversation, unless the customer has written
// since.
func noteAnswerAsLast(c *Conversation, m *Message, in channels.Inbound, hasWrittenSince bool) {
	switch isLast := mayBeSaidLast(c, in); {
	case isLast && !hasWrittenSince:
		c.NoteSaidLast(m, store.FromAgent)
	case isLast:
		c.LastAt = m.CreatedAt
	case !hasWrittenSince:
		c.LastFrom = store.FromAgent
	}
}

func noticeOf(in channels.Inbound, isByMachine bool) string {
	if isByMachine {
		return machineNotice
	}
	if in.Elsewhere.Origin != "" {
		return "Answered " + in.Elsewhere.Origin + "."
	}
	return elsewhereNotice
}

// answeredIn returns the conversation to which an answer belongs. If the provider names the customer, as in
// chats, and there is no conversation, it opens one. For a mail it returns nil if the mail answers no
// conversation, or doesn't go to the conversation's customer (because it was forwarded to a supplier, say).
func (el *elsewhere) answeredIn(ctx context.Context, tx pgx.Tx, a *store.Account, in channels.Inbound) (*Conversation, error) {
	c := el.ConversationOf(a, in)
	if in.From.Key == "" {
		if c == nil || !c.IsMailFor(in) {
			return nil, nil
		}
		return c, nil
	}

	_, err := el.People.CustomerOf(a, in)
	if err != nil || c != nil {
		return c, err
	}

	c, err = el.intake.newConversation(ctx, tx, a, in, nil)
	if err == nil {
		el.replies.Recipients(c, in, 0)
	}

	return c, err
}

// acceptCopy handles an answer that Parley has already, because a copy arrived in the inbox from an address of
// our own. That copy was shown as an ordinary mail, since a sender's address proves nothing. Now that the mail
// is also among the sent ones, it is proved to be an answer.
func (el *elsewhere) acceptCopy(ctx context.Context, tx pgx.Tx, c *Conversation, m *Message, in channels.Inbound) error {
	cameFromOurAddress := m.Direction == store.DirectionIn && m.Automatic == channels.AutomaticOwn
	if !cameFromOurAddress || c == nil {
		return nil
	}
	if c.Kind != store.KindCustomer || !c.IsMailFor(in) {
		return nil
	}

	_, hasWrittenSince, err := el.timesAround(ctx, tx, c, in)
	if err != nil || hasWrittenSince {
		return err
	}

	c.LastFrom, c.LastPreview = store.FromAgent, Preview(m.Text)
	c.RefreshCard()
	return el.countAsAnswer(ctx, tx, c, m)
}

// timesAround returns when the customer last wrote before an answer (nil if never), and whether the customer
// has written since. It compares the senders' times. A customer's clock may be ahead, so a message counts as
// later only if it also arrived after the answer.
func (el *elsewhere) timesAround(ctx context.Context, tx pgx.Tx, c *Conversation, in channels.Inbound) (
	before *time.Time, since bool, err error,
) {
	if in.At.IsZero() {
		return nil, false, nil
	}

	before, since, err = store.TimesAround(ctx, tx, c.ID, in.At)
	if err != nil {
		return nil, false, err
	}
	for _, m := range el.Messages.Latest(c) { // messages of this batch aren't stored yet
		if m.Direction != store.DirectionIn || store.IsByMachine(m.Automatic) {
			continue
		}

		at := m.SaidAt
		if m.CreatedAt.Before(at) {
			at = m.CreatedAt
		}
		switch {
		case at.After(in.At):
			since = true
		case before == nil || at.After(*before):
			before = &at
		}
	}

	return before, since, nil
}

// isShownAsAnswer reports whether a mail that arrived in the inbox from an address of our own is a copy of an
// answer that was found among the sent mails before and is already shown.
func (el *elsewhere) isShownAsAnswer(a *store.Account, in channels.Inbound) bool {
	m, _ := el.MessageByExternalID(a, in.ExternalID)
	isShown := m != nil && m.Reason == store.ReasonElsewhere
	return isShown && in.Automatic == channels.AutomaticOwn
}

// applyBounce applies a report that an answer given without Parley is delayed, or did not reach a recipient.
// For Parley's own replies applyFailure does this; an answer given elsewhere has no delivery.
func (el *elsewhere) applyBounce(c *Conversation, m *Message, s *channels.Status) {
	wasSent := m.Fate == store.FateOut || m.Fate == store.FateFailed
	if m.Reason != store.ReasonElsewhere || !wasSent {
		return
	}
	if s.Delayed {
		late := &bridge.DelayedLine{Trouble: s.Reason, Recipient: otherRecipient(c, Payload{}, s)}
		el.Line(c, bridge.Line{Content: late, Text: m.Text})
		return
	}

	if s.State == channels.StateFailed && !el.isFailureShown(m, s.Recipient) {
		el.showFailure(c, m, s)
	}
}

// showFailure posts a line about a recipient whom an answer didn't reach. The answer counts as failed, unless
// that recipient was only in copy.
func (el *elsewhere) showFailure(c *Conversation, m *Message, s *channels.Status) {
	failed := &bridge.FailedLine{Recipient: s.Recipient, Trouble: s.Reason, Copied: isAboutCopy(c, Payload{}, s)}
	if !failed.Copied {
		failed.Hint = "It was not written here: answer again, to an address that works."
	}
	logged := Detail{Why: bridge.InWords(bounceText(s))}
	if m.Fate == store.FateOut && !failed.Copied {
		m.Fate, m.Dirty = store.FateFailed, true
		failed.Recipient, failed.Trouble = "", bounceText(s)
		logged.Message = m.ID
		el.Messages.ResumeWait(c)
	}

	el.Log.ByParley(c, store.DeedNotDelivered, logged)
	el.Line(c, bridge.Line{Content: failed, Text: m.Text, Args: bridge.Args{Conversation: c.ID, Message: m.ID}})
}

// isFailureShown reports whether the thread already shows that an answer didn't reach a recipient. For a report
// without a recipient, that is so once the answer has failed.
func (el *elsewhere) isFailureShown(m *Message, recipient string) bool {
	if recipient == "" {
		return m.Fate == store.FateFailed
	}
	for _, line := range el.TrackedLines()[m.ID] {
		failed, isFailed := line.Delivery.DecodedPayload().Line.Content.(*bridge.FailedLine)
		if !isFailed {
			continue
		}
		isNamed := strings.HasPrefix(strings.ToLower(failed.Trouble), strings.ToLower(recipient)+": ")
		if isNamed || strings.EqualFold(failed.Recipient, recipient) {
			return true
		}
	}
	return false
}

// isByMachine reports whether an answer came too soon after the customer's message for a person to have written
// it. wroteBefore is when the customer last wrote before the answer, or nil.
func (el *elsewhere) isByMachine(c *Conversation, in channels.Inbound, wroteBefore *time.Time) bool {
	if c.WindowFrom == nil || in.At.IsZero() {
		return false
	}
	askedAt := c.WindowFrom.Add(el.DatabaseNow.Sub(el.Now)) // WindowFrom is by Parley's clock, in.At by the provider's
	if askedAt.After(in.At) && wroteBefore != nil {         // the window was opened again after the answer
		askedAt = *wroteBefore
	}
	return in.At.Before(askedAt.Add(minHumanAnswer))
}

// countAsAnswer ends the customer's wait. The status becomes pending if the account's settings say so, unless
// an agent chose a status after the answer was written.
func (el *elsewhere) countAsAnswer(ctx context.Context, tx pgx.Tx, c *Conversation, m *Message) error {
	c.EndWait()
	el.workflow.WatchSilence(c)
	el.Log.ByParley(c, store.DeedAnsweredElsewhere, Detail{Message: m.ID})
	const dateStep = time.Second // mail dates have a resolution of one second
	isChosen, err := store.StatusChosen(ctx, tx, c.ID, m.SaidAt.Add(dateStep))
	if err != nil || isChosen {
		return err
	}

	el.workflow.WakeByAnswer(c)
	if el.Settings(c).AutoPending && c.BridgeStatus() == bridge.StatusOpen {
		c.Status = string(bridge.StatusPending)
		el.Log.ByParley(c, store.DeedSetPending, Detail{Why: bridge.Because(bridge.ReasonAnswered)})
	}
	return nil
}
