package inbound

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/clean"
	"parley/bridge/engine/outbound"
	"parley/channels"
	"parley/store"
)

// An agent may answer a customer without Parley: in the mailbox itself, or in a provider's own inbox. Such an answer comes to
// Parley as an inbound, some time after it was written. It is shown in the conversation's thread, and ends the customer's wait,
// unless a machine gave it or the customer has written since.

// Notices that are shown with an answer that was written elsewhere.
const (
	elsewhereNotice = "Answered elsewhere, not from here."
	machineNotice   = "Sent elsewhere, too soon for a person: it doesn't count as an answer."
)

// minHumanAnswer is the shortest time in which a person can answer a customer's words. An answer that comes sooner was
// sent by a machine: providers don't tell the automatic answers of their inboxes from those of people.
const minHumanAnswer = 5 * time.Second

// answeredElsewhere applies an answer that was given without Parley.
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
	m := el.intake.keepInbound(c, a, part, in)
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
	if !isByMachine && !hasWrittenSince {
		if err := el.countAsAnswer(ctx, tx, c, m); err != nil {
			return err
		}
	}

	el.intake.showSaid(c, t, m, outbound.Payload{})
	c.RefreshCard()
	return nil
}

// addToThread adds an answer to the mails of a conversation. The id of the customer's last message stays: ours answer that one.
func (el *elsewhere) addToThread(c *book.Conversation, in channels.Inbound) {
	customersLast := c.LastExternalID
	if in.ExternalID != "" {
		el.AddToThread(c, in)
	}
	c.LastExternalID = customersLast
}

// noteAnswerAsLast notes an answer as what was said last, unless the customer has written since.
func noteAnswerAsLast(c *book.Conversation, m *book.Message, in channels.Inbound, hasWrittenSince bool) {
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

// answeredIn returns the conversation to which an answer belongs. Where the provider names the customer, as chats do, it opens
// one if need be. For a mail it returns nil if the mail answers no conversation, or doesn't go to its customer, such as one
// that was forwarded to a supplier.
func (el *elsewhere) answeredIn(ctx context.Context, tx pgx.Tx, a *store.Account, in channels.Inbound) (*book.Conversation, error) {
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

// acceptCopy handles an answer that Parley has already, because a copy came into the inbox from an address of our own. The copy
// was shown like any mail, since a sender's address proves nothing. That the mail is found among the sent ones, too, proves it
// to be an answer.
func (el *elsewhere) acceptCopy(ctx context.Context, tx pgx.Tx, c *book.Conversation, m *book.Message, in channels.Inbound) error {
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

	c.LastFrom, c.LastPreview = store.FromAgent, clean.Preview(m.Text)
	c.RefreshCard()
	return el.countAsAnswer(ctx, tx, c, m)
}

// timesAround returns when the customer wrote last before an answer (nil if never), and whether the customer has written since.
// It compares the times that the senders tell. Since a customer's clock may be ahead, a message counts as later only if it also
// came after the answer.
func (el *elsewhere) timesAround(ctx context.Context, tx pgx.Tx, c *book.Conversation, in channels.Inbound) (
	before *time.Time, since bool, err error,
) {
	if in.At.IsZero() {
		return nil, false, nil
	}

	before, since, err = store.TimesAround(ctx, tx, c.ID, in.At)
	if err != nil {
		return nil, false, err
	}
	for _, m := range c.Last { // what came in this batch isn't stored yet
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

// isShownAsAnswer reports whether a mail in the inbox from an address of our own is a copy of an answer that was found among the
// sent mails before, and is shown already.
func (el *elsewhere) isShownAsAnswer(a *store.Account, in channels.Inbound) bool {
	m, _ := el.MessageByExternalID(a, in.ExternalID)
	isShown := m != nil && m.Reason == store.ReasonElsewhere
	return isShown && in.Automatic == channels.AutomaticOwn
}

// bouncedElsewhere applies a report that an answer which was given without Parley is late, or did not reach a recipient. For
// replies of Parley's own applyFailure does this; an answer given elsewhere has no delivery.
func (el *elsewhere) bouncedElsewhere(c *book.Conversation, m *book.Message, s *channels.Status) {
	wasSent := m.Fate == store.FateOut || m.Fate == store.FateFailed
	if m.Reason != store.ReasonElsewhere || !wasSent {
		return
	}
	if s.Delayed {
		late := &bridge.DelayedLine{Trouble: s.Reason, Recipient: otherRecipient(c, outbound.Payload{}, s)}
		el.Line(c, bridge.Line{Content: late, Text: m.Text})
		return
	}

	if s.State == channels.StateFailed && !el.wasToldOfFailure(m, s.Recipient) {
		el.tellFailure(c, m, s)
	}
}

// tellFailure posts a line about one recipient whom an answer didn't reach. The answer has failed by that, unless the recipient
// was only in copy.
func (el *elsewhere) tellFailure(c *book.Conversation, m *book.Message, s *channels.Status) {
	failed := &bridge.FailedLine{Recipient: s.Recipient, Trouble: s.Reason, Copied: isAboutCopy(c, outbound.Payload{}, s)}
	if !failed.Copied {
		failed.Hint = "It was not written here: answer again, to an address that works."
	}
	logged := book.Detail{Why: bridge.InWords(bounceText(s))}
	if m.Fate == store.FateOut && !failed.Copied {
		m.Fate, m.Dirty = store.FateFailed, true
		failed.Recipient, failed.Trouble = "", bounceText(s)
		logged.Message = m.ID
		el.Messages.ResumeWait(c)
	}

	el.Log.ByParley(c, store.DeedNotDelivered, logged)
	el.Line(c, bridge.Line{Content: failed, Text: m.Text, Args: bridge.Args{Conversation: c.ID, Message: m.ID}})
}

// wasToldOfFailure reports whether the thread says already that an answer didn't reach a recipient. For a report that names no
// recipient, that is so once the answer has failed.
func (el *elsewhere) wasToldOfFailure(m *book.Message, recipient string) bool {
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

// isByMachine reports whether an answer came too soon after the customer's words for a person to have written it. wroteBefore
// is when the customer wrote last before the answer; nil if never.
func (el *elsewhere) isByMachine(c *book.Conversation, in channels.Inbound, wroteBefore *time.Time) bool {
	if c.WindowFrom == nil || in.At.IsZero() {
		return false
	}
	askedAt := c.WindowFrom.Add(el.DatabaseNow.Sub(el.Now)) // by the providers' clock: WindowFrom is by Parley's
	if askedAt.After(in.At) && wroteBefore != nil {         // the window was opened again after the answer
		askedAt = *wroteBefore
	}
	return in.At.Before(askedAt.Add(minHumanAnswer))
}

// countAsAnswer changes the conversation as an answer does: the customer doesn't wait any more. A status that an agent chose
// between the writing and the finding of the answer stays.
func (el *elsewhere) countAsAnswer(ctx context.Context, tx pgx.Tx, c *book.Conversation, m *book.Message) error {
	c.EndWait()
	el.Log.ByParley(c, store.DeedAnsweredElsewhere, book.Detail{Message: m.ID})
	const dateStep = time.Second // the dates of mails are in whole seconds
	isChosen, err := store.StatusChosen(ctx, tx, c.ID, m.SaidAt.Add(dateStep))
	if err != nil || isChosen {
		return err
	}

	el.workflow.WakeByAnswer(c)
	if el.Settings(c).AutoPending && c.BridgeStatus() == bridge.StatusOpen {
		c.Status = string(bridge.StatusPending)
		el.Log.ByParley(c, store.DeedSetPending, book.Detail{Why: bridge.Because(bridge.ReasonAnswered)})
	}
	return nil
}
