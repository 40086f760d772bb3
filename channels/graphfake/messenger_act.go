package graphfake

import (
	"fmt"
	"maps"
	"slices"
)

// This file has what customers do in Messenger. Each act changes the conversation and sends the webhook about it.

// Text writes a text and returns the message's id.
func (c *PageCustomer) Text(text string) string { return c.write(&PageMessage{Text: text}, nil) }

// Answer writes a text in reply to one message.
func (c *PageCustomer) Answer(mid, text string) string {
	return c.write(&PageMessage{Text: text, ReplyTo: mid}, nil)
}

// Media sends a file: kind is image, video, audio or file.
func (c *PageCustomer) Media(kind, name, contentType string, content []byte) string {
	return c.sendFile(&PageMessage{Kind: kind, Name: name, ContentType: contentType, File: content}, nil)
}

// Sticker sends a sticker; its type is sticker alone, as since 2026-08-30.
func (c *PageCustomer) Sticker(id int64, content []byte) string {
	m := &PageMessage{Kind: "sticker", Name: "sticker.png", ContentType: "image/png", File: content}
	return c.sendFile(m, map[string]any{"sticker_id": id})
}

// sendFile sends a message with a file. payload is what the webhook says of the file beside its address.
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

// write sends a message of hers and returns its id. more is what the webhook says beside its id, text and reply_to.
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

// Tap chooses a quick reply, a button or a card's button by its words, of the newest message that has it. Errors: there is
// none. Links don't count, because they only open a browser.
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

// findQuickReply finds a quick reply by its words. Facebook shows quick replies only below the last message.
func (c *PageCustomer) findQuickReply(title string) *PageReply {
	c.page.g.mu.Lock()
	defer c.page.g.mu.Unlock()
	if len(c.messages) == 0 {
		return nil
	}
	replies := c.lastMessage().QuickReplies
	i := slices.IndexFunc(replies, func(r PageReply) bool { return r.Title == title })
	if i < 0 {
		return nil
	}
	return &replies[i]
}

// findButton finds the newest button by its words, also on a card.
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

// Postback taps a button that isn't in the conversation, of the Page's menu. The tap stands in the conversation as a
// message of hers that says what was on the button; mid is the id of that message.
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

// React puts a reaction to a message, which opens the window as a message does. "" takes it back, which doesn't.
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

// Edit changes a text of hers. It doesn't open the reply window.
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

// Read marks the whole conversation as read by her.
func (c *PageCustomer) Read() {
	c.page.g.change(func() {
		c.notifyEventLocked("read", "message_reads", "read", map[string]any{"watermark": c.page.g.clock().UnixMilli()})
	})
}

// Follow opens the conversation by an m.me link, without writing.
func (c *PageCustomer) Follow(ref string) {
	c.page.g.change(func() {
		c.notifyEventLocked("referral", "messaging_referrals", "referral", map[string]any{"ref": ref, "source": "SHORTLINK",
			"type": "OPEN_THREAD"})
	})
}

// inboxApp is the id of Meta's own app in which people answer.
const inboxApp = "263902037430900"

// AnswerElsewhere lets a person answer in the Page's own inbox.
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
