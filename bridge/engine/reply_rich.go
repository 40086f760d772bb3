package engine

import (
	"slices"
	"strconv"
	"strings"

	"parley/bridge"
	"parley/channels"
	"parley/channels/markdown"
	"parley/store"
)

// Agents can write a reply in a form, with content such as buttons, a list, a location or a contact, and as an
// answer to a certain message. Not every channel can send all of that. This file fits such a reply to its channel:
// on SMS, for example, buttons become lines of text, and a reference to the answered message becomes a quote.

// MessagesOfForm returns the one or two messages that a submitted form becomes. Content that the channel can't
// send becomes text, and content that must be sent alone follows the text as a second message. answered is the
// message that the reply answers, or nil. If the channel can't refer to it, the text begins with a quote of it,
// provided that mayQuote allows it.
func (w *work) MessagesOfForm(c *Conversation, a bridge.Action, answered *Message) []bridge.Action {
	needsQuote := answered != nil && !w.MayReferTo(c, answered)
	hasText := a.Text != "" // a quote alone says nothing
	if needsQuote && hasText && w.mayQuote(c, answered) {
		a.Text = quoteOf(answered) + "\n\n" + a.Text
	}

	caps := w.Caps(c.AccountID)
	carried, links := caps.SplitLinks(a.Rich)
	if len(links) > 0 {
		a.Text, a.Rich = strings.TrimSpace(a.Text+"\n\n"+linkLines(links)), carried
	}

	kind := a.Rich.Kind()
	if kind == "" {
		a.Rich = nil
		return []bridge.Action{a}
	}
	if !caps.CanSendRich(a.Rich) {
		a.Text, a.Rich = strings.TrimSpace(a.Text+"\n\n"+a.Rich.Text()), nil
		return []bridge.Action{a}
	}

	if kind.IsSentAlone() && a.Text != "" {
		text, content := a, a
		text.Rich, content.Text = nil, ""
		return []bridge.Action{text, content}
	}

	return []bridge.Action{a}
}

// linkLines returns buttons that are links as lines of Markdown: "Our shop: https://shop.example".
func linkLines(links []channels.Button) string {
	w := markdown.NewWriter()
	for i, b := range links {
		if i > 0 {
			w.Newline()
		}
		w.Literal(b.Title + ": ")
		w.Link(b.URL, "", markdown.Style{})
	}
	return w.Text().Markdown
}

// quoteOf returns a quote of a message, as Markdown.
func quoteOf(m *Message) string {
	w := markdown.NewWriter()
	w.Prefixed("> ", func() {
		var last markdown.Kind
		for _, p := range ExcerptParts(m) {
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

// MayReferTo reports whether a reply on the conversation's channel can refer to the answered message by its id
// at the provider.
func (w *work) MayReferTo(c *Conversation, answered *Message) bool {
	isKnownToProvider := answered != nil && answered.ExternalID != ""
	return isKnownToProvider && w.Caps(c.AccountID).ReplyTo >= channels.Partial
}

// mayQuote reports whether all recipients of a reply may read a quote of the answered message. They may read a
// reply of ours if all of them received it, and a customer's message if its author is one of them.
func (w *work) mayQuote(c *Conversation, answered *Message) bool {
	ch := w.Channel(c.AccountID)
	if ch == nil {
		return false // the channel isn't connected: it may be one with several participants
	}
	if !ch.Capabilities().Participants {
		return true // a chat has one customer, who has seen all of its messages
	}

	// The author of a mail may not get replies, and an agent may have changed the recipients since.
	readers := slices.Concat(addressedKeys(c.Participants), copiedKeys(c.Participants))
	if answered.Direction == store.DirectionOut {
		delivery := w.Outbox.FirstPartOf(answered)
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

	author := w.People.Identities[*answered.IdentityID]
	return author != nil && slices.Contains(readers, author.Key)
}
