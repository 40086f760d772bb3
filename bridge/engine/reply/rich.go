package reply

import (
	"slices"
	"strings"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/outbound"
	"parley/channels"
	"parley/store"
)

// Fitting returns the one or two messages that a filled form becomes on the conversation's channel. Rich
// content that the channel can't carry becomes words; content that must be a message by itself follows
// the text.
func (rs *UseCases) Fitting(c *book.Conversation, a bridge.Action, answered *book.Message) []bridge.Action {
	var caps bridge.Capabilities
	if ch := rs.Channel(c.AccountID); ch != nil {
		caps = ch.Capabilities()
	}
	if answered != nil && !rs.MayName(c, answered) && a.Text != "" && rs.mayQuote(c, answered) {
		a.Text = "> " + strings.ReplaceAll(book.Excerpt(answered), "\n", "\n> ") + "\n\n" + a.Text
	}
	kind := a.Rich.Kind()
	switch {
	case kind == "":
		a.Rich = nil
	case !caps.Carries(a.Rich):
		a.Text, a.Rich = strings.TrimSpace(a.Text+"\n\n"+a.Rich.Text()), nil
	case kind.Alone() && a.Text != "":
		words, alone := a, a
		words.Rich, alone.Text = nil, ""
		return []bridge.Action{words, alone}
	}
	return []bridge.Action{a}
}

// MayName reports whether a reply on the conversation's channel may name the message that it answers.
func (rs *UseCases) MayName(c *book.Conversation, answered *book.Message) bool {
	ch := rs.Channel(c.AccountID)
	return answered != nil && answered.ExternalID != "" && ch != nil && ch.Capabilities().ReplyTo >= channels.Partial
}

// mayQuote reports whether those who get a reply may read the words of the message that it answers: who wrote it is one of
// them, or, of a message of ours, all of them got it. In a mail's conversation others may have written, who get no
// replies, and an agent may have chosen other recipients. A chat has one customer.
func (rs *UseCases) mayQuote(c *book.Conversation, answered *book.Message) bool {
	if ch := rs.Channel(c.AccountID); ch == nil || !ch.Capabilities().Participants {
		return true
	}
	to, cc := outbound.Addressed(c.Participants)
	if answered.Direction == store.DirectionOut {
		d := rs.Outbox.FirstPartOf(answered)
		return d != nil && len(without(keysOf(to), d.DecodedPayload().Meant)) == 0
	}
	if answered.IdentityID == nil {
		return false
	}
	i := rs.People.Identities[*answered.IdentityID]
	return i != nil && slices.ContainsFunc(slices.Concat(to, cc), func(p store.Participant) bool { return p.Key == i.Key })
}
