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
func (w *work) answeredElsewhere(ctx context.Context, tx pgx.Tx, a *store.Account, part int, in channels.Inbound) error {
	if m, c := w.MessageByExternalID(a, in.ExternalID); m != nil {
		return w.acceptCopy(ctx, tx, c, m, in)
	}

	c, err := w.answeredIn(ctx, tx, a, in)
	if err != nil || c == nil {
		return err
	}

	t, err := w.OpenThread(c)
	if err != nil {
		return err
	}

	wroteBefore, hasWrittenSince, err := w.timesAround(ctx, tx, c, in)
	if err != nil {
		return err
	}

	isByMachine := w.isSentByMachine(c, in, wroteBefore)
	before, err := w.cutRepeated(ctx, tx, c, a, &in)
	if err != nil {
		return err
	}
	m := w.addInbound(c, a, part, in)
	hide(m, before)
	m.Direction, m.Fate, m.Reason = store.DirectionOut, store.FateOut, store.ReasonElsewhere
	if isByMachine {
		m.Reason = store.ReasonMachine
	}
	m.IdentityID = nil
	m.AuthorUser = store.SurfaceUser(cmp.Or(in.Elsewhere.Author, a.Name))
	m.Notices = append([]string{noticeOf(in, isByMachine)}, m.Notices...)

	w.addToThread(c, in)
	if !isByMachine {
		noteAnswerAsLast(c, m, in, hasWrittenSince)
	}

	endsWait := !isByMachine && !hasWrittenSince
	if endsWait {
		if err := w.countAsAnswer(ctx, tx, c, m); err != nil {
			return err
		}
	}

	w.showSaid(c, t, m, Payload{})
	c.RefreshCard()
	return nil
}

// addToThread adds an answer to the mails of a conversation. LastExternalID stays the customer's last message,
// which our replies answer.
func (w *work) addToThread(c *Conversation, in channels.Inbound) {
	customersLast := c.LastExternalID
	if in.ExternalID != "" {
		w.AddToThread(c, in)
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
func (w *work) answeredIn(ctx context.Context, tx pgx.Tx, a *store.Account, in channels.Inbound) (*Conversation, error) {
	c := w.ConversationOf(a, in)
	if in.From.Key == "" {
		if c == nil || !c.IsMailFor(in) {
			return nil, nil
		}
		return c, nil
	}

	_, err := w.People.CustomerOf(a, in)
	if err != nil || c != nil {
		return c, err
	}

	c, err = w.newConversation(ctx, tx, a, in, nil)
	if err == nil {
		w.Recipients(c, in, 0)
	}

	return c, err
}

// acceptCopy handles an answer that Parley has already, because a copy arrived in the inbox from an address of
// our own. That copy was shown as an ordinary mail, since a sender's address proves nothing. Now that the mail
// is also among the sent ones, it is proved to be an answer.
func (w *work) acceptCopy(ctx context.Context, tx pgx.Tx, c *Conversation, m *Message, in channels.Inbound) error {
	cameFromOurAddress := m.Direction == store.DirectionIn && m.Automatic == channels.AutomaticOwn
	if !cameFromOurAddress || c == nil {
		return nil
	}
	if c.Kind != store.KindCustomer || !c.IsMailFor(in) {
		return nil
	}

	_, hasWrittenSince, err := w.timesAround(ctx, tx, c, in)
	if err != nil || hasWrittenSince {
		return err
	}

	c.LastFrom, c.LastPreview = store.FromAgent, Preview(m.Text)
	c.RefreshCard()
	return w.countAsAnswer(ctx, tx, c, m)
}

// timesAround returns when the customer last wrote before an answer (nil if never), and whether the customer
// has written since. It compares the senders' times. A customer's clock may be ahead, so a message counts as
// later only if it also arrived after the answer.
func (w *work) timesAround(ctx context.Context, tx pgx.Tx, c *Conversation, in channels.Inbound) (
	before *time.Time, since bool, err error,
) {
	if in.At.IsZero() {
		return nil, false, nil
	}

	before, since, err = store.TimesAround(ctx, tx, c.ID, in.At)
	if err != nil {
		return nil, false, err
	}
	for _, m := range w.Messages.Latest(c) { // messages of this batch aren't stored yet
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
func (w *work) isShownAsAnswer(a *store.Account, in channels.Inbound) bool {
	m, _ := w.MessageByExternalID(a, in.ExternalID)
	isShown := m != nil && m.Reason == store.ReasonElsewhere
	return isShown && in.Automatic == channels.AutomaticOwn
}

// applyBounce applies a report that an answer given without Parley is delayed, or did not reach a recipient.
// For Parley's own replies applyFailure does this; an answer given elsewhere has no delivery.
func (w *work) applyBounce(c *Conversation, m *Message, s *channels.Status) {
	wasSent := m.Fate == store.FateOut || m.Fate == store.FateFailed
	if m.Reason != store.ReasonElsewhere || !wasSent {
		return
	}
	if s.Delayed {
		late := &bridge.DelayedLine{Trouble: s.Reason, Recipient: otherRecipient(c, Payload{}, s)}
		w.Line(c, bridge.Line{Content: late, Text: m.Text})
		return
	}

	if s.State == channels.StateFailed && !w.isFailureShown(m, s.Recipient) {
		w.showFailure(c, m, s)
	}
}

// showFailure posts a line about a recipient whom an answer didn't reach. The answer counts as failed, unless
// that recipient was only in copy.
func (w *work) showFailure(c *Conversation, m *Message, s *channels.Status) {
	failed := &bridge.FailedLine{Recipient: s.Recipient, Trouble: s.Reason, Copied: isAboutCopy(c, Payload{}, s)}
	if !failed.Copied {
		failed.Hint = "It was not written here: answer again, to an address that works."
	}
	logged := Detail{Why: bridge.InWords(bounceText(s))}
	if m.Fate == store.FateOut && !failed.Copied {
		m.Fate, m.Dirty = store.FateFailed, true
		failed.Recipient, failed.Trouble = "", bounceText(s)
		logged.Message = m.ID
		w.Messages.ResumeWait(c)
	}

	w.Log.ByParley(c, store.DeedNotDelivered, logged)
	w.Line(c, bridge.Line{Content: failed, Text: m.Text, Args: bridge.Args{Conversation: c.ID, Message: m.ID}})
}

// isFailureShown reports whether the thread already shows that an answer didn't reach a recipient. For a report
// without a recipient, that is so once the answer has failed.
func (w *work) isFailureShown(m *Message, recipient string) bool {
	if recipient == "" {
		return m.Fate == store.FateFailed
	}
	for _, line := range w.TrackedLines()[m.ID] {
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

// isSentByMachine reports whether an answer came too soon after the customer's message for a person to have written
// it. wroteBefore is when the customer last wrote before the answer, or nil.
func (w *work) isSentByMachine(c *Conversation, in channels.Inbound, wroteBefore *time.Time) bool {
	if c.WindowFrom == nil || in.At.IsZero() {
		return false
	}
	askedAt := c.WindowFrom.Add(w.DatabaseNow.Sub(w.Now)) // WindowFrom is by Parley's clock, in.At by the provider's
	if askedAt.After(in.At) && wroteBefore != nil {       // the window was opened again after the answer
		askedAt = *wroteBefore
	}
	return in.At.Before(askedAt.Add(minHumanAnswer))
}

// countAsAnswer ends the customer's wait. The status becomes pending if the account's settings say so, unless
// an agent chose a status after the answer was written.
func (w *work) countAsAnswer(ctx context.Context, tx pgx.Tx, c *Conversation, m *Message) error {
	c.EndWait()
	w.WatchSilence(c)
	w.Log.ByParley(c, store.DeedAnsweredElsewhere, Detail{Message: m.ID})
	const dateStep = time.Second // mail dates have a resolution of one second
	isChosen, err := store.StatusChosen(ctx, tx, c.ID, m.SaidAt.Add(dateStep))
	if err != nil || isChosen {
		return err
	}

	w.WakeByAnswer(c)
	if w.Settings(c).AutoPending && c.BridgeStatus() == bridge.StatusOpen {
		c.Status = string(bridge.StatusPending)
		w.Log.ByParley(c, store.DeedSetPending, Detail{Why: bridge.Because(bridge.ReasonAnswered)})
	}
	return nil
}
