package graphfake

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"
)

// PageMessage is a message of a conversation as its customer sees it.
type PageMessage struct {
	ID       string
	At       time.Time
	FromPage bool
	Text     string
	ReplyTo  string // id of the message that it answers
	Edits    int

	Kind         string // image, video, audio, file, sticker, template, …; "" means a text
	Name         string
	ContentType  string
	File         []byte
	QuickReplies []PageReply
	Buttons      []PageButton
	Cards        []PageCard

	Reaction     string // the customer's
	PageReaction string
	Metadata     string // what the app wrote beside it; customers don't see it
	Tag          string // the same
	Elsewhere    bool   // a person wrote it in the Page's inbox

	raw json.RawMessage // payload of a template
}

// PageCustomer is a person with Messenger, in the conversation with one Page. Tests use it to write as the customer, and to see what
// arrived.
type PageCustomer struct {
	page *Page
	id   string
	name string

	// Guarded by page.g.mu.
	messages []*PageMessage
	lastIn   time.Time // what windows are counted from
	blocked  bool
	private  bool // her profile can't be read; HideProfile sets it
	unlisted int  // what the list of conversations leaves out: leftOutConversation, leftOutMessages; 0 means nothing
	offline  bool // nothing is delivered to her phone; SetOnline changes it
	typing   bool
	seenAt   time.Time
	last     func() // sends the webhook of what she did last once more; tellEventLocked sets it
}

// Customer makes a person with a page-scoped id of her own. The Page knows her once she writes.
func (p *Page) Customer(name string) *PageCustomer {
	p.g.mu.Lock()
	defer p.g.mu.Unlock()
	return &PageCustomer{page: p, id: p.g.newIDLocked(), name: name}
}

// ID returns the page-scoped id.
func (c *PageCustomer) ID() string { return c.id }

// Name returns her name as Facebook shows it.
func (c *PageCustomer) Name() string { return c.name }

// Conversation returns all messages, both sides', in order.
func (c *PageCustomer) Conversation() []PageMessage {
	c.page.g.mu.Lock()
	defer c.page.g.mu.Unlock()
	var list []PageMessage
	for _, m := range c.messages {
		list = append(list, *m)
	}
	return list
}

// Inbox returns what the Page sent, in order.
func (c *PageCustomer) Inbox() []PageMessage {
	return slices.DeleteFunc(c.Conversation(), func(m PageMessage) bool { return !m.FromPage })
}

// Typing reports whether the Page shows that it is typing.
func (c *PageCustomer) Typing() bool {
	c.page.g.mu.Lock()
	defer c.page.g.mu.Unlock()
	return c.typing
}

// Seen reports when the Page last marked the conversation as read.
func (c *PageCustomer) Seen() time.Time {
	c.page.g.mu.Lock()
	defer c.page.g.mu.Unlock()
	return c.seenAt
}

// Block lets the person refuse the Page's messages.
func (c *PageCustomer) Block(on bool) { c.page.g.change(func() { c.blocked = on }) }

// HideProfile lets her name be refused to apps.
func (c *PageCustomer) HideProfile() { c.page.g.change(func() { c.private = true }) }

// What the conversations API leaves out of a conversation.
const (
	leftOutConversation = 1 + iota
	leftOutMessages
)

// HideConversation leaves the conversation out of the list of conversations, as if it were in another folder of the Page's inbox.
func (c *PageCustomer) HideConversation() {
	c.page.g.change(func() { c.unlisted = leftOutConversation })
}

// HideMessages lets the list of conversations name the conversation without its messages.
func (c *PageCustomer) HideMessages() { c.page.g.change(func() { c.unlisted = leftOutMessages }) }

// SetOnline connects or disconnects her phone; messages are delivered when it is online.
func (c *PageCustomer) SetOnline(on bool) {
	c.page.g.change(func() {
		c.offline = !on
		if on {
			c.tellDeliveryLocked()
		}
	})
}

// findLocked returns a message by its id.
func (c *PageCustomer) findLocked(id string) *PageMessage {
	i := slices.IndexFunc(c.messages, func(m *PageMessage) bool { return m.ID == id })
	if i < 0 {
		return nil
	}
	return c.messages[i]
}

// becomeKnownLocked notes that she has written, so that the Page may answer her.
func (c *PageCustomer) becomeKnownLocked() {
	g := c.page.g
	if c.page.findPersonLocked(c.id) == nil {
		c.page.people = append(c.page.people, c)
		g.nodes[c.id] = c
	}
	c.lastIn = g.clock()
}

// tellEventLocked sends the webhook about something that she did: value, under the name key. what and field are those of tellLocked.
func (c *PageCustomer) tellEventLocked(what, field, key string, value any) {
	item := map[string]any{"sender": map[string]any{"id": c.id}, "recipient": map[string]any{"id": c.page.config.ID},
		"timestamp": c.page.g.clock().UnixMilli(), key: value}
	c.last = func() { c.page.tellLocked(what, field, item) }
	c.last()
}

// write sends a message of hers.
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
		c.tellEventLocked("message", "messages", "message", body)
	})

	return m.ID
}

// Text writes a text and returns the message's id.
func (c *PageCustomer) Text(text string) string { return c.write(&PageMessage{Text: text}, nil) }

// Answer writes a text in reply to one message.
func (c *PageCustomer) Answer(mid, text string) string {
	return c.write(&PageMessage{Text: text, ReplyTo: mid}, nil)
}

// Media sends a file: kind is image, video, audio or file.
func (c *PageCustomer) Media(kind, name, contentType string, content []byte) string {
	g := c.page.g
	g.mu.Lock()
	at := c.page.cdnURLLocked(&pageFile{id: g.newIDLocked(), kind: kind, name: name, contentType: contentType, content: content})
	g.mu.Unlock()
	return c.write(&PageMessage{Kind: kind, Name: name, ContentType: contentType, File: content},
		map[string]any{"attachments": []any{map[string]any{"type": kind, "payload": map[string]any{"url": at}}}})
}

// Sticker sends a sticker; its type is sticker alone, as since 2026-08-30.
func (c *PageCustomer) Sticker(id int64, content []byte) string {
	g := c.page.g
	g.mu.Lock()
	at := c.page.cdnURLLocked(&pageFile{id: g.newIDLocked(), kind: "sticker", name: "sticker.png", contentType: "image/png", content: content})
	g.mu.Unlock()
	return c.write(&PageMessage{Kind: "sticker", Name: "sticker.png", ContentType: "image/png", File: content},
		map[string]any{"attachments": []any{map[string]any{"type": "sticker", "payload": map[string]any{"url": at, "sticker_id": id}}}})
}

// Tap chooses a quick reply, a button or a card's button by its words, of the newest
// message that has it. Errors: there is none. Links don't count, because they only open a browser.
func (c *PageCustomer) Tap(title string) error {
	c.page.g.mu.Lock()
	var reply *PageReply
	var button *PageButton
	for i, m := range slices.Backward(c.messages) {
		q := slices.IndexFunc(m.QuickReplies, func(q PageReply) bool { return q.Title == title })
		isLast := i == len(c.messages)-1 // quick replies are only shown below the last message
		if isLast && q >= 0 {
			reply = &m.QuickReplies[q]
			break
		}

		buttons := slices.Clone(m.Buttons)
		for _, card := range m.Cards {
			buttons = append(buttons, card.Buttons...)
		}

		if b := slices.IndexFunc(buttons, func(b PageButton) bool { return b.Title == title && b.Type == "postback" }); b >= 0 {
			button = &buttons[b]
			break
		}
	}

	c.page.g.mu.Unlock()

	switch { // only one of them is set
	case reply != nil:
		c.write(&PageMessage{Text: reply.Title}, map[string]any{"quick_reply": map[string]any{"payload": reply.Payload}})
	case button != nil:
		c.Postback(button.Title, button.Payload)
	default:
		return fmt.Errorf("graphfake: tap: nothing to tap that says %q", title)
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
		c.tellEventLocked("postback", "messaging_postbacks", "postback", map[string]any{"mid": mid, "title": title, "payload": payload})
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
		c.tellEventLocked("reaction", "message_reactions", "reaction", body)
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
		c.tellEventLocked("edit", "message_edits", "message_edit", map[string]any{"mid": mid, "text": text, "num_edit": n})
	})
}

// Read marks the whole conversation as read by her.
func (c *PageCustomer) Read() {
	c.page.g.change(func() {
		c.tellEventLocked("read", "message_reads", "read", map[string]any{"watermark": c.page.g.clock().UnixMilli()})
	})
}

// Follow opens the conversation by an m.me link, without writing.
func (c *PageCustomer) Follow(ref string) {
	c.page.g.change(func() {
		c.tellEventLocked("referral", "messaging_referrals", "referral", map[string]any{"ref": ref, "source": "SHORTLINK", "type": "OPEN_THREAD"})
	})
}

// Again lets Facebook send the webhook of what she did last once more.
func (c *PageCustomer) Again() {
	c.page.g.change(func() {
		if c.last != nil {
			c.last()
		}
	})
}

// tellDeliveryLocked sends the webhook that everything was delivered to her phone, unless it is offline or there is nothing.
func (c *PageCustomer) tellDeliveryLocked() {
	if c.offline || len(c.messages) == 0 {
		return
	}

	var mids []string
	until := time.Time{}
	for _, m := range c.messages {
		if m.FromPage {
			mids = append(mids, m.ID)
			until = m.At
		}
	}

	if len(mids) == 0 {
		return
	}

	item := map[string]any{"sender": map[string]any{"id": c.id}, "recipient": map[string]any{"id": c.page.config.ID},
		"timestamp": c.page.g.clock().UnixMilli(), "delivery": map[string]any{"mids": mids[len(mids)-1:], "watermark": until.UnixMilli()}}
	c.page.tellLocked("delivery", "message_deliveries", item)
}

// inboxApp is the id of Meta's own app in which people answer.
const inboxApp = "263902037430900"

// AnswerElsewhere lets a person answer in the Page's own inbox.
func (p *Page) AnswerElsewhere(to *PageCustomer, text string) string {
	m := &PageMessage{FromPage: true, Text: text, Elsewhere: true}
	p.g.change(func() {
		m.ID, m.At = p.g.newMessageIDLocked(), p.g.clock()
		to.messages = append(to.messages, m)
		p.tellEchoLocked(to, m, inboxApp)
		to.tellDeliveryLocked()
	})
	return m.ID
}

// tellEchoLocked sends the webhook about a message that the Page sent with an app.
func (p *Page) tellEchoLocked(to *PageCustomer, m *PageMessage, app string) {
	body := map[string]any{"mid": m.ID, "is_echo": true, "app_id": json.Number(app)}
	if m.Metadata != "" {
		body["metadata"] = m.Metadata
	}
	if m.ReplyTo != "" {
		body["reply_to"] = map[string]any{"mid": m.ReplyTo}
	}

	switch {
	case m.Kind == "template":
		body["attachments"] = []any{map[string]any{"type": "template", "payload": m.raw}}
	case m.Kind != "":
		f := &pageFile{id: p.g.newIDLocked(), kind: m.Kind, name: m.Name, contentType: m.ContentType, content: m.File}
		body["attachments"] = []any{map[string]any{"type": m.Kind, "payload": map[string]any{"url": p.cdnURLLocked(f)}}}
	default:
		body["text"] = m.Text
	}

	item := map[string]any{"sender": map[string]any{"id": p.config.ID}, "recipient": map[string]any{"id": to.id},
		"timestamp": m.At.UnixMilli(), "message": body}
	p.tellLocked("echo", "message_echoes", item)
}
