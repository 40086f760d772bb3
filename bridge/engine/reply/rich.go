package reply

import (
	"slices"
	"strconv"
	"strings"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/channels"
	"parley/channels/markdown"
	"parley/store"
)

// MessagesOfForm returns the one or two messages that a filled form becomes on the conversation's channel: content that the channel
// can't carry becomes words, and content that needs a message for itself follows the text. answered is the message that the reply
// answers, or nil. If the channel can't refer to it, the text begins with a quote of it, where mayQuote allows that.
func (rs *UseCases) MessagesOfForm(c *book.Conversation, a bridge.Action, answered *book.Message) []bridge.Action {
	needsQuote := answered != nil && !rs.MayReferTo(c, answered)
	hasWords := a.Text != "" // a quote alone says nothing
	if needsQuote && hasWords && rs.mayQuote(c, answered) {
		a.Text = quoteOf(answered) + "\n\n" + a.Text
	}

	kind := a.Rich.Kind()
	if kind == "" {
		a.Rich = nil
		return []bridge.Action{a}
	}
	if !rs.Caps(c.AccountID).CanSendRich(a.Rich) {
		a.Text, a.Rich = strings.TrimSpace(a.Text+"\n\n"+a.Rich.Text()), nil
		return []bridge.Action{a}
	}

	if kind.IsSentAlone() && a.Text != "" {
		words, content := a, a
		words.Rich, content.Text = nil, ""
		return []bridge.Action{words, content}
	}

	return []bridge.Action{a}
}

// quoteOf returns a quote of a message, as Markdown.
func quoteOf(m *book.Message) string {
	w := markdown.NewWriter()
	w.Prefixed("> ", func() {
		var last markdown.Kind
		for _, p := range book.ExcerptParts(m) {
			continuesList := p.Kind == markdown.Item && last == markdown.Item
			if !continuesList { // the items of a list have no empty lines between them
				w.Paragraph()
			}

			last = p.Kind
			words := func() { w.Literal(markdown.Plain([]markdown.Part{p})) }
			switch {
			case p.Kind == markdown.Quote:
				w.Prefixed("> ", words)
			case p.Kind == markdown.Item && p.Ordered:
				w.Item(0, strconv.Itoa(p.Number)+". ", words)
			case p.Kind == markdown.Item:
				w.Item(0, "- ", words)
			default:
				words()
			}
		}
	})
	return w.Text().Markdown
}

// MayReferTo reports whether a reply on the conversation's channel can refer to the message that it answers, by its id.
func (rs *UseCases) MayReferTo(c *book.Conversation, answered *book.Message) bool {
	isKnownToProvider := answered != nil && answered.ExternalID != ""
	return isKnownToProvider && rs.Caps(c.AccountID).ReplyTo >= channels.Partial
}

// mayQuote reports whether those who get a reply may read a quote of the message that it answers: one of ours if all of them
// received it, a customer's if its author is one of them.
func (rs *UseCases) mayQuote(c *book.Conversation, answered *book.Message) bool {
	ch := rs.Channel(c.AccountID)
	if ch == nil {
		return false // the channel isn't connected: it may be one with several participants
	}
	if !ch.Capabilities().Participants {
		return true // a chat has one customer, who has all of its messages
	}

	// In mail somebody may have written who gets no replies, and an agent may have chosen other recipients since.
	readers := slices.Concat(addressedKeys(c.Participants), copiedKeys(c.Participants))
	if answered.Direction == store.DirectionOut {
		delivery := rs.Outbox.FirstPartOf(answered)
		if delivery == nil {
			return false
		}

		payload := delivery.DecodedPayload()
		received := slices.Concat(payload.Meant, payload.Copied)
		return len(withoutKeys(readers, received)) == 0
	}

	if answered.IdentityID == nil {
		return false
	}

	author := rs.People.Identities[*answered.IdentityID]
	return author != nil && slices.Contains(readers, author.Key)
}
