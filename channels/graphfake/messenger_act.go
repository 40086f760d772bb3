package graphfake

import (
	"fmt"
	"maps"
	"slices"
)

// This file has the actions of Messenger's customers, which tests call. Each action changes the conversation and sends the
// webhook about it: ann.Text("Hello?") adds a message and sends a webhook for the field "messages".

// Text sends a text and returns the message's id.
func (c *PageCustomer) Text(text string) string { return c.write(&PageMessage{Text: text}, nil) }

// Answer sends a text that quotes the message mid.
func (c *PageCustomer) Answer(mid, text string) string {
	return c.write(&PageMessage{Text: text, ReplyTo: mid}, nil)
}

// Media sends a file. kind is image, video, audio or file.
func (c *PageCustomer) Media(kind, name, contentType string, content []byte) string {
	return c.sendFile(&PageMessage{Kind: kind, Name: name, ContentType: contentType, File: content}, nil)
}

// sendFile sends a message with a file. payload has the file's fields in the webhook, apart from its URL.
func (c *PageCustomer) sendFile(m *PageMessage, payload map[string]any) string {
	attachment := map[string]any{}
	maps.Copy(attachment, payload)
	c.page.g.mu.Lock()
	attachment["url"] = c.page.fileURLLocked(m)
	c.page.g.mu.Unlock()
	return c.write(m, map[string]any{
		"attachments": []any{map[string]any{"type": m.Kind, "payload": attachment}},
	})
}

// write sends a message and returns its id. more has the message's fields in the webhook, apart from mid, text and reply_to.
func (c *PageCustomer) write(m *PageMessage, more map[string]any) string {
	g := c.page.g
	g.change(func() {
		m.ID, m.At = g.newMessageIDLocked(), g.clock()
		c.becomeKnownLocked()
		c.messages = append(c.messages, m)

		body := map[string]any{"mid": m.ID}
		if m.Text != "" {
			body["text"] = m.Text
		}
		if m.ReplyTo != "" {
			body["reply_to"] = map[string]any{"mid": m.ReplyTo, "is_self_reply": false}
		}
		maps.Copy(body, more)
		c.notifyEventLocked("message", "messages", "message", body)
	})

	return m.ID
}

// Tap taps the newest quick reply or button with a title, including the buttons of cards. Links aren't considered, because they
// only open a browser. Errors: there is no such button.
func (c *PageCustomer) Tap(title string) error {
	if reply := c.findQuickReply(title); reply != nil {
		c.write(&PageMessage{Text: title}, map[string]any{"quick_reply": map[string]any{"payload": reply.Payload}})
		return nil
	}
	if button := c.findButton(title); button != nil {
		c.Postback(title, button.Payload)
		return nil
	}
	return fmt.Errorf("graphfake: tap: nothing to tap that says %q", title)
}

// findQuickReply returns a quick reply by its title, or nil. Facebook shows quick replies only below the last message.
func (c *PageCustomer) findQuickReply(title string) *QuickReply {
	c.page.g.mu.Lock()
	defer c.page.g.mu.Unlock()
	if len(c.messages) == 0 {
		return nil
	}
	replies := c.lastMessage().QuickReplies
	i := slices.IndexFunc(replies, func(r QuickReply) bool { return r.Title == title })
	if i < 0 {
		return nil
	}
	return &replies[i]
}

// findButton returns the newest button with a title, also on a card, or nil.
func (c *PageCustomer) findButton(title string) *PageButton {
	c.page.g.mu.Lock()
	defer c.page.g.mu.Unlock()
	for _, m := range slices.Backward(c.messages) {
		buttons := slices.Clone(m.Buttons)
		for _, card := range m.Cards {
			buttons = append(buttons, card.Buttons...)
		}
		i := slices.IndexFunc(buttons, func(b PageButton) bool { return b.Title == title && b.Type == "postback" })
		if i >= 0 {
			return &buttons[i]
		}
	}
	return nil
}

// Postback taps a button that isn't part of a message, such as one in the Page's menu. The tap appears in the conversation as
// a message from the customer with the button's title; mid is the id of that message.
// Source: Messenger Platform, "messaging_postbacks Webhooks Reference"; read in November 2026.
func (c *PageCustomer) Postback(title, payload string) (mid string) {
	g := c.page.g
	g.change(func() {
		c.becomeKnownLocked()
		mid = g.newMessageIDLocked()
		c.messages = append(c.messages, &PageMessage{ID: mid, At: g.clock(), Text: title})
		c.notifyEventLocked("postback", "messaging_postbacks", "postback", map[string]any{"mid": mid, "title": title, "payload": payload})
	})
	return mid
}

// React reacts to a message, which opens the reply window as a message does. "" removes the reaction, which doesn't.
func (c *PageCustomer) React(mid, emoji string) {
	c.page.g.change(func() {
		if m := c.findLocked(mid); m != nil {
			m.Reaction = emoji
		}
		body := map[string]any{"mid": mid, "action": "unreact"}
		if emoji != "" {
			c.becomeKnownLocked()
			body = map[string]any{"mid": mid, "action": "react", "emoji": emoji, "reaction": "other"}
		}
		c.notifyEventLocked("reaction", "message_reactions", "reaction", body)
	})
}

// Edit changes the text of a message that the customer has sent. It doesn't open the reply window.
func (c *PageCustomer) Edit(mid, text string) {
	c.page.g.change(func() {
		n := 1
		if m := c.findLocked(mid); m != nil {
			m.Edits++
			m.Text, n = text, m.Edits
		}
		c.notifyEventLocked("edit", "message_edits", "message_edit", map[string]any{"mid": mid, "text": text, "num_edit": n})
	})
}

// Read marks the whole conversation as read by the customer.
func (c *PageCustomer) Read() {
	c.page.g.change(func() {
		c.notifyEventLocked("read", "message_reads", "read", map[string]any{"watermark": c.page.g.clock().UnixMilli()})
	})
}

// inboxApp is the id of Meta's own app, the Page's inbox.
const inboxApp = "263902037430900"

// AnswerElsewhere sends a reply that a person has written in the Page's inbox instead of the app.
func (p *Page) AnswerElsewhere(to *PageCustomer, text string) string {
	m := &PageMessage{FromPage: true, Text: text, Elsewhere: true}
	p.g.change(func() {
		m.ID, m.At = p.g.newMessageIDLocked(), p.g.clock()
		to.messages = append(to.messages, m)
		p.notifyEchoLocked(to, m, inboxApp)
		to.notifyDeliveryLocked()
	})
	return m.ID
}
