package teams

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"parley/bot/teams/card"
	"parley/bot/teams/graph"
	"parley/bridge"
)

// This file recognises a post of ours among the messages that Graph shows: a card by the id of its first element, a
// text by its words. For example, Graph shows the text "<p>Anna&nbsp;Weber: <b>Hello</b></p>" differently from how it
// was sent; its words are "Anna Weber: Hello" both times.

// postContent is what is posted by one part of a post.
type postContent struct {
	isIn func(*graph.Message) bool // recognises a message with this content
	more bool                      // the post has a further part
}

// contentOf returns how the part of a post that p is about looks. The customer's name isn't compared: it may have
// changed since.
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
		return postContent{isIn: hasElementID(c.page.ID), more: c.more}, nil
	}
	return postContent{isIn: hasText(*c.text), more: c.more}, nil
}

// hasElementID recognises a card by the id of its first element. The whole card can't be compared: Graph returns its
// JSON with the members in another order.
// Source: learn.microsoft.com/graph/teams-messaging-overview, "card attachment", read 2026-11.
func hasElementID(id string) func(*graph.Message) bool {
	quoted := strconv.Quote(id)
	return func(m *graph.Message) bool {
		return slices.ContainsFunc(m.Attachments, func(a graph.Attachment) bool {
			return a.ContentType == card.ContentType && strings.Contains(a.Content, quoted)
		})
	}
}

// hasText recognises a text message by what people read in it, since Graph returns nothing else of what a bot sends
// with a text.
func hasText(c card.Message) func(*graph.Message) bool {
	parts := strings.Split(readableText(c.Text), anyName)
	return func(m *graph.Message) bool { return hasPartsInOrder(readableText(m.Body.Content), parts) }
}

// hasPartsInOrder reports whether a text consists of these parts in this order, with any names between them.
func hasPartsInOrder(text string, parts []string) bool {
	last := len(parts) - 1
	if last == 0 {
		return text == parts[0]
	}
	text, ok := strings.CutPrefix(text, parts[0])
	for _, part := range parts[1:last] {
		if ok {
			_, text, ok = strings.Cut(text, part)
		}
	}
	return ok && strings.HasSuffix(text, parts[last])
}

// readableText returns the words of HTML as people read them, with single spaces and without our remark.
func readableText(html string) string {
	text := strings.ReplaceAll(card.ReadText(card.Typed{HTML: html}).Plain, mayBeTwice, "")
	return strings.Join(strings.Fields(text), " ")
}

// anyName stands for the customer's name, which may have changed since a post was made. No text has this character.
const anyName = "\ue000"

// withoutCustomerName returns the post with anyName in place of the customer's name.
func withoutCustomerName(p bridge.Post) bridge.Post {
	who := bridge.PartyRef{Name: anyName, Address: anyName}
	p.Facts.Recipients.To = slices.Clone(p.Facts.Recipients.To)
	for i := range p.Facts.Recipients.To {
		if p.Facts.Recipients.To[i] == p.Facts.Contact {
			p.Facts.Recipients.To[i] = who
		}
	}

	p.Facts.Contact = who
	if p.Said != nil {
		message := *p.Said
		message.From, message.Then = who, slices.Clone(message.Then)
		for i := range message.Then {
			message.Then[i].From = who
		}

		p.Said = &message
	}

	if p.Line != nil {
		line := *p.Line
		line.Customer, line.Other.Contact = who, who
		p.Line = &line
	}

	return p
}
