package teams

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"parley/bot/teams/card"
	"parley/bridge"
)

// If Teams' response to a post is lost, Parley looks for the post in the channel with Graph, Microsoft's API for reading
// (see Reconcile). This file recognises it there: a card by the id of its first element, and a text by its words. For
// example, Graph returns a text with other markup than was sent, such as "<p>Anna&nbsp;Weber: <b>Hello</b></p>", but
// its words are still "Anna Weber: Hello".

// postContent recognises the message of one part of a post. A long post has several parts, each a message.
type postContent struct {
	isIn   func(*Message) bool // reports whether a message has this content
	more   bool                // another part follows
	absent []bridge.AgentRef   // see composedPost
}

// contentOf returns how to recognise the part p.Part of a post. The customer's name isn't compared, because it may have
// changed since the post was made. The post may also have been made by a process that didn't know yet, or no longer,
// that we may read the channel, so that it names commands in another form.
func (s *poster) contentOf(ctx context.Context, p bridge.Post) (postContent, error) {
	p = withoutCustomerName(p)
	if p.Kind == bridge.PostFiles {
		return s.contentOfFiles(ctx, p)
	}

	c, err := s.composePost(ctx, p)
	if err != nil {
		return postContent{}, err
	}
	if c.page != nil {
		return postContent{isIn: hasElementID(c.page.ID), more: c.more, absent: c.absent}, nil
	}

	isIn := hasText(*c.text)
	channel := p.Place.Channel
	other, err := s.composeWith(ctx, p, commandForms(channel, !s.CanRead(channel)))
	if err == nil && other.text != nil { // with the other forms of commands, the post may have fewer parts
		isInOtherForm, isInThisForm := hasText(*other.text), isIn
		isIn = func(m *Message) bool { return isInThisForm(m) || isInOtherForm(m) }
	}

	return postContent{isIn: isIn, more: c.more, absent: c.absent}, nil
}

// hasElementID recognises a card by the id of its first element. The whole card can't be compared, because Graph returns
// its JSON with the members in another order.
// Source: learn.microsoft.com/graph/teams-messaging-overview, "card attachment", read 2026-11.
func hasElementID(id string) func(*Message) bool {
	quoted := strconv.Quote(id)
	return func(m *Message) bool {
		return slices.ContainsFunc(m.Attachments, func(a GraphAttachment) bool {
			return a.ContentType == card.ContentType && strings.Contains(a.Content, quoted)
		})
	}
}

// hasText recognises a text message by its words, because Graph returns nothing else that a bot sends with a text.
func hasText(c card.Message) func(*Message) bool {
	parts := strings.Split(readableText(c.Text), anyName)
	return func(m *Message) bool { return hasPartsInOrder(readableText(m.Body.Content), parts) }
}

// hasPartsInOrder reports whether a text consists of these parts in this order, with any text between them. A single
// part must be the whole text.
func hasPartsInOrder(text string, parts []string) bool {
	last := len(parts) - 1
	if last == 0 {
		return text == parts[0]
	}

	text, ok := strings.CutPrefix(text, parts[0])
	if !ok {
		return false
	}
	for _, part := range parts[1:last] {
		_, text, ok = strings.Cut(text, part)
		if !ok {
			return false
		}
	}
	return strings.HasSuffix(text, parts[last])
}

// readableText returns the words of HTML, with single spaces and without the remark that a post may be a duplicate. It
// leaves out each @, because a person may be mentioned in one attempt and only named in another: people join channels
// and leave them.
func readableText(html string) string {
	text := strings.ReplaceAll(card.ReadText(card.Typed{HTML: html}).Plain, mayBeTwice, "")
	text = strings.ReplaceAll(text, "@", "")
	return strings.Join(strings.Fields(text), " ")
}

// anyName is a placeholder for the customer's name. It is a private-use character, which doesn't occur in texts.
const anyName = "\ue000"

// withoutCustomerName returns the post with anyName in place of the customer's name.
func withoutCustomerName(p bridge.Post) bridge.Post {
	anybody := bridge.PartyRef{Name: anyName, Address: anyName}
	p.Facts.Recipients.To = slices.Clone(p.Facts.Recipients.To)
	for i := range p.Facts.Recipients.To {
		if p.Facts.Recipients.To[i] == p.Facts.Contact {
			p.Facts.Recipients.To[i] = anybody
		}
	}

	p.Facts.Contact = anybody
	if p.Said != nil {
		message := *p.Said
		anybody.Stranger = message.From.Stranger
		message.From, message.Then = anybody, slices.Clone(message.Then)
		for i := range message.Then {
			message.Then[i].From = anybody
		}

		p.Said = &message
	}

	if p.Line != nil {
		line := *p.Line
		line.Customer, line.Other.Contact = anybody, anybody
		p.Line = &line
	}

	return p
}
