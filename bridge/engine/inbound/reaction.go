package inbound

import (
	"time"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/clean"
	"parley/bridge/engine/outbound"
	"parley/bridge/engine/threads"
	"parley/channels"
	"parley/store"
)

// maxQuoteRunes is how much of a message is quoted in a line about it.
const maxQuoteRunes = 80

// quoteOf returns the beginning of what a message says, to name the message in a line.
func quoteOf(m *store.Message) string {
	text := clean.Preview(m.Text)
	if text == "" && len(m.Files) > 0 {
		text = m.Files[0].Name
	}
	return clean.Shortened(text, maxQuoteRunes)
}

// answeredMessage returns which message a customer's message answers, or nil if it answers none in particular.
func (it *UseCases) answeredMessage(a *store.Account, in channels.Inbound) *bridge.Answered {
	if in.Answers.External == "" {
		return nil
	}
	m, _ := it.ReferredMessage(a, in.Answers.External, in.Answers.Message)
	if m == nil {
		return &bridge.Answered{}
	}
	return &bridge.Answered{Text: quoteOf(&m.Message), ByUs: m.Direction == store.DirectionOut, ByOwner: m.Direction == store.DirectionIn}
}

// customerReacts shows a customer's reaction (an emoji) to a message by a line in the thread. The line is changed when the customer
// changes the reaction or takes it back. A reaction that is older than the one that the line shows changes nothing.
func (it *UseCases) customerReacts(a *store.Account, in channels.Inbound) error {
	i, err := it.People.CustomerOf(a, in)
	if err != nil || i == nil {
		return err
	}

	m, c := it.ReferredMessage(a, in.Change.Target, in.Answers.Message)
	if c == nil {
		c = it.Conversations.LatestOf(i)
	}
	if c == nil || c.Home(it.Dir) == nil {
		return nil // it is shown nowhere
	}

	reacted := &bridge.ReactedLine{Emoji: in.Change.Emoji, At: saidAt(it.Writer, in)}
	if m != nil {
		reacted.Message = quoteOf(&m.Message)
	}

	k := book.ReactionKey{Account: a.ID, Target: in.Change.Target, Identity: i.ID}
	known := it.Messages.Reactions[k]
	line := bridge.Line{Content: reacted, Customer: outbound.RefOf(i)}
	d := it.Outbox.Deliveries[known.DeliveryID]
	isShown := d != nil && d.State != store.Cancelled
	isAsKnown := known.Emoji == reacted.Emoji
	isOlder := d != nil && reacted.At.Before(reactedAt(d))
	isRepeated := d == nil && isAsKnown && reacted.Emoji != ""
	switch {
	case isOlder, isRepeated:
		return nil
	case d != nil && isAsKnown: // only the time is news
		d.SetLine(line)
	case !isShown:
		d = it.PostTo(c, c.Home(it.Dir), bridge.PostLine, threads.NoMessage, outbound.Payload{Line: &line})
		if isAsKnown { // it was taken back before it came: the line only keeps the time, and is not posted
			it.Outbox.Cancel(d)
		}
	case it.Outbox.CanBeTakenBack(d): // nobody has seen this line
		isFirstLine := d.DecodedPayload().Changes == 0
		if reacted.Emoji == "" && isFirstLine { // nobody has seen the reaction either
			it.Outbox.Cancel(d)
		}
		d.SetLine(line)
	default:
		d = it.PostTo(c, threadOfLine(it.Book, c, d), bridge.PostLine, threads.NoMessage, outbound.Payload{Line: &line, Changes: d.ID})
	}

	it.Messages.Reactions[k] = store.Reaction{
		AccountID:  a.ID,
		Target:     in.Change.Target,
		IdentityID: i.ID,
		Emoji:      reacted.Emoji,
		DeliveryID: d.ID,
	}
	it.Messages.Reacted[k] = true
	return nil
}

// reactedAt returns when a customer did what a line about a reaction shows; zero if it isn't known.
func reactedAt(d *book.Delivery) time.Time {
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

// threadOfLine returns the thread of a conversation in the surface in which a line was posted, which may not be its home any more.
func threadOfLine(b *book.Book, c *book.Conversation, d *book.Delivery) *book.Thread {
	l := b.Outbox.Lanes[d.LaneID]
	if l != nil && c.Threads[l.AccountID] != nil {
		return c.Threads[l.AccountID]
	}
	return c.Home(b.Dir)
}
