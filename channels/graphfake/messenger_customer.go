package graphfake

import (
	"encoding/json"
	"slices"
	"time"
)

// This file has the people who write to a Page with Messenger, and what they see. Their actions are in messenger_act.go, and
// the webhooks about them in messenger_event.go.

// PageMessage is a message in a conversation, from either side, as the customer sees it.
type PageMessage struct {
	ID       string
	At       time.Time
	FromPage bool
	Text     string
	ReplyTo  string // id of the message that it answers
	Edits    int

	// A file, quick replies, or the content of a template.
	Kind         string // image, video, audio, file, sticker or template; "" means a text
	Name         string
	ContentType  string
	File         []byte
	QuickReplies []QuickReply
	Buttons      []PageButton
	Cards        []Card
	raw          json.RawMessage // payload of a template

	Reaction string // the customer's

	// Not visible to the customer.
	Metadata  string // set by the app that sent it
	Tag       string // the reason to send outside of the reply window: HUMAN_AGENT
	Elsewhere bool   // written by a person in the Page's inbox
}

// PageCustomer is a person in a Messenger conversation with one Page. Tests use it to write as the customer, and to see what
// arrived:
//
//	ann := page.Customer("Ann Miller")
//	ann.Text("Hello?")
//	got := ann.Inbox()
type PageCustomer struct {
	page *Page
	id   string
	name string

	// Guarded by page.g.mu.
	messages    []*PageMessage
	lastIn      time.Time // when she last opened the reply window
	typingUntil time.Time // when her phone stops showing that the Page is typing
	seenAt      time.Time // when the Page last marked the conversation as read
	lastEvent   func()    // sends the webhook about her last action again; nil means that there is none

	// Whether the API's list of conversations leaves these out, as Facebook's sometimes does.
	hidesConversation bool
	hidesMessages     bool
}

// Customer returns a new person. The Page doesn't know her until she writes.
func (p *Page) Customer(name string) *PageCustomer {
	p.g.mu.Lock()
	defer p.g.mu.Unlock()
	return &PageCustomer{page: p, id: p.g.newIDLocked(), name: name}
}

// ID returns her page-scoped id, by which only this Page knows her.
func (c *PageCustomer) ID() string { return c.id }

// Name returns her name as Facebook shows it.
func (c *PageCustomer) Name() string { return c.name }

// Conversation returns all messages of both sides, in order.
func (c *PageCustomer) Conversation() []PageMessage {
	c.page.g.mu.Lock()
	defer c.page.g.mu.Unlock()
	var list []PageMessage
	for _, m := range c.messages {
		list = append(list, *m)
	}
	return list
}

// Inbox returns the Page's messages, in order.
func (c *PageCustomer) Inbox() []PageMessage {
	return slices.DeleteFunc(c.Conversation(), func(m PageMessage) bool { return !m.FromPage })
}

// Typing reports whether the phone shows the Page's typing indicator.
func (c *PageCustomer) Typing() bool {
	c.page.g.mu.Lock()
	defer c.page.g.mu.Unlock()
	return c.page.g.clock().Before(c.typingUntil)
}

// Seen returns when the Page last marked the conversation as read.
func (c *PageCustomer) Seen() time.Time {
	c.page.g.mu.Lock()
	defer c.page.g.mu.Unlock()
	return c.seenAt
}

// HideConversation leaves the conversation out of the API's list, as if it were in another folder of the Page's inbox.
func (c *PageCustomer) HideConversation() { c.page.g.change(func() { c.hidesConversation = true }) }

// HideMessages leaves the messages out of the conversation in the API's list.
func (c *PageCustomer) HideMessages() { c.page.g.change(func() { c.hidesMessages = true }) }

// findLocked returns a message by its id, or nil.
func (c *PageCustomer) findLocked(id string) *PageMessage {
	i := slices.IndexFunc(c.messages, func(m *PageMessage) bool { return m.ID == id })
	if i < 0 {
		return nil
	}
	return c.messages[i]
}

// becomeKnownLocked makes her known to the Page and opens the reply window, so that the Page may write to her.
func (c *PageCustomer) becomeKnownLocked() {
	g := c.page.g
	if c.page.findPersonLocked(c.id) == nil {
		c.page.people = append(c.page.people, c)
		g.nodes[c.id] = c
	}
	c.lastIn = g.clock()
}
