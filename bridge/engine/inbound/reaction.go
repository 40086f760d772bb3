package inbound

import (
	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/clean"
	"parley/bridge/engine/outbound"
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
	if r := []rune(text); len(r) > maxQuoteRunes {
		text = string(r[:maxQuoteRunes-1]) + "…"
	}
	return text
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

// customerReacts shows a customer's reaction to a message by a line. The line is changed when the customer changes the reaction
// or takes it back.
func (it *UseCases) customerReacts(a *store.Account, in channels.Inbound) error {
	i, err := it.People.CustomerOf(a, in)
	if err != nil || i == nil {
		return err
	}

	m, c := it.ReferredMessage(a, in.Change.Target, in.Answers.Message)
	if c == nil {
		c = it.Conversations.LatestOf(i)
	}

	k := book.ReactionKey{Account: a.ID, Target: in.Change.Target, Identity: i.ID}
	known, before := it.Messages.Reactions[k]
	isShownNowhere := c == nil || c.Home(it.Dir) == nil
	if isShownNowhere || known.Emoji == in.Change.Emoji {
		return nil
	}

	reacted := &bridge.ReactedLine{Emoji: in.Change.Emoji}
	if m != nil {
		reacted.Message = quoteOf(&m.Message)
	}

	line := bridge.Line{Content: reacted, Customer: outbound.RefOf(i)}
	d := it.Outbox.Deliveries[known.DeliveryID]
	hasLine := before && d != nil
	switch {
	case !hasLine:
		d = it.PostTo(c, c.Home(it.Dir), bridge.PostLine, 0, outbound.Payload{Line: &line})
	case in.Change.Emoji == "" && it.cancelFirstLine(d):
		it.Messages.Reactions[k] = store.Reaction{AccountID: a.ID, Target: in.Change.Target, IdentityID: i.ID}
		it.Messages.Reacted[k] = true
		return nil
	case it.Outbox.CanBeTakenBack(d):
		d.SetLine(line)
	default:
		d = it.PostTo(c, threadOfLine(it.Book, c, d), bridge.PostLine, 0, outbound.Payload{Line: &line, Changes: d.ID})
	}

	it.Messages.Reactions[k] = store.Reaction{AccountID: a.ID, Target: in.Change.Target, IdentityID: i.ID, Emoji: in.Change.Emoji, DeliveryID: d.ID}
	it.Messages.Reacted[k] = true
	return nil
}

// threadOfLine returns the thread of a conversation in the surface in which a line was posted: the conversation may have its home
// in another one by now.
func threadOfLine(b *book.Book, c *book.Conversation, d *book.Delivery) *book.Thread {
	l := b.Outbox.Lanes[d.LaneID]
	if l != nil && c.Threads[l.AccountID] != nil {
		return c.Threads[l.AccountID]
	}
	return c.Home(b.Dir)
}

// cancelFirstLine takes back the line that shows a reaction, if it is the first one about it and was not posted yet. It reports
// whether it did: then nobody has seen the reaction.
func (it *UseCases) cancelFirstLine(d *book.Delivery) bool {
	isFirst := d.DecodedPayload().Changes == 0
	return isFirst && it.Outbox.Cancel(d)
}
