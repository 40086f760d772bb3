package engine

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/channels"
	"parley/store"
)

// answeredMessage returns the message that a customer's message answers, or nil if it answers none in particular.
func (w *work) answeredMessage(a *store.Account, in channels.Inbound) *bridge.Answered {
	if in.Answers.External == "" {
		return nil
	}
	m, _ := w.ReferredMessage(a, in.Answers.External, in.Answers.Message)
	if m == nil {
		return &bridge.Answered{}
	}
	return &bridge.Answered{
		Text:    Quote(&m.Message),
		ByUs:    m.Direction == store.DirectionOut,
		ByOwner: m.Direction == store.DirectionIn,
	}
}

// customerReacts shows a customer's reaction (an emoji on a message) by a line in the agents' thread. If the
// customer changes or removes the reaction, the same line is changed. Reactions can arrive out of order: one that
// is older than the line shows is ignored. A mail that reacts to nothing known is listed with the automatic mail.
func (w *work) customerReacts(ctx context.Context, tx pgx.Tx, a *store.Account, part int, in channels.Inbound) error {
	customer, err := w.People.CustomerOf(a, in)
	if err != nil || customer == nil {
		return err
	}

	m, c := w.ReferredMessage(a, in.Change.Target, in.Answers.Message)
	if c == nil {
		c = w.ConversationOf(a, in)
	}
	if c == nil && in.Automatic != "" {
		in.Kind, in.Change = channels.InboundMessage, channels.Change{}
		return w.sortAutomaticMail(ctx, tx, a, part, in)
	}
	if c == nil || c.Home(w.Dir) == nil {
		return nil // there is no thread to show it in
	}

	reacted := &bridge.ReactedLine{Emoji: in.Change.Emoji, At: saidAt(w.Writer, in)}
	k := ReactionKey{Account: a.ID, Target: in.Change.Target, Identity: customer.ID}
	if m != nil {
		reacted.Message = Quote(&m.Message)
		if known, _ := w.MessageByExternalID(a, k.Target); known == nil && m.ExternalID != "" {
			k.Target = m.ExternalID // the provider named the message by our own id
		}
	}
	who := RefIn(c.Conversation, customer)
	who.Stranger = IsStranger(c.Conversation, c.Identity, customer)
	shown := showReaction(w, c, w.Messages.ReactionTo(k), reacted, who)
	if shown == nil {
		return nil
	}

	w.Messages.Reactions[k] = store.Reaction{
		AccountID:  a.ID,
		Target:     k.Target,
		IdentityID: customer.ID,
		Emoji:      reacted.Emoji,
		DeliveryID: shown.ID,
	}
	w.Messages.Reacted[k] = true
	return nil
}

// showReaction shows a reaction in the thread, and returns the delivery of its line, or nil if nothing has
// changed. known is the last recorded reaction of the same customer to the same message. Its Emoji is "" if there
// is none, or if it was removed.
func showReaction(
	w *work, c *Conversation, known store.Reaction, reacted *bridge.ReactedLine, customer bridge.PartyRef,
) *Delivery {
	line := bridge.Line{Content: reacted, Customer: customer}
	isAsKnown := known.Emoji == reacted.Emoji
	shown := w.Outbox.Delivery(known.DeliveryID)
	wasShownBefore := shown == nil && isAsKnown && reacted.Emoji != "" // its line isn't kept any more
	isOutdated := shown != nil && reacted.At.Before(reactedAt(shown))
	if wasShownBefore || isOutdated {
		return nil
	}

	switch {
	case shown != nil && isAsKnown: // only the time has changed
		shown.SetLine(line)
		return shown
	case shown == nil || shown.State == store.Cancelled:
		posted := w.PostTo(c, c.Home(w.Dir), bridge.PostLine, NoMessage, Payload{Line: &line})
		if isAsKnown { // removed before it was known: the line is not posted, and only keeps the time
			w.Outbox.Cancel(posted)
		}
		return posted
	case w.Outbox.CanBeTakenBack(shown): // the line is not posted yet
		isFirstLine := shown.DecodedPayload().Changes == 0
		if reacted.Emoji == "" && isFirstLine { // no earlier line shows the reaction either
			w.Outbox.Cancel(shown)
		}
		shown.SetLine(line)
		return shown
	default:
		change := Payload{Line: &line, Changes: shown.ID}
		return w.PostTo(c, threadOfLine(w.Book, c, shown), bridge.PostLine, NoMessage, change)
	}
}

// reactedAt returns the time of the reaction that a line shows, or the zero time if it is unknown.
func reactedAt(d *Delivery) time.Time {
	line := d.DecodedPayload().Line
	if line == nil {
		return time.Time{}
	}
	reacted, ok := line.Content.(*bridge.ReactedLine)
	if !ok {
		return time.Time{}
	}
	return reacted.At
}

// threadOfLine returns the conversation's thread in which a line was posted. The conversation may have moved to
// another chat since.
func threadOfLine(b *Book, c *Conversation, d *Delivery) *Thread {
	l := b.Outbox.Lanes[d.LaneID]
	if l != nil && c.Threads[l.AccountID] != nil {
		return c.Threads[l.AccountID]
	}
	return c.Home(b.Dir)
}
