package graphfake

import (
	"encoding/json"
	"slices"
	"time"
)

// This file has the people who write to a Page by Messenger, and what they see. What they do is in messenger_act.go, and
// the webhooks by which Facebook tells the app of it are in messenger_event.go.

// PageMessage is a message of a conversation as its customer sees it.
type PageMessage struct {
	ID       string
	At       time.Time
	FromPage bool
	Text     string
	ReplyTo  string // id of the message that it answers
	Edits    int

	// A file, or a template's replies, buttons and cards.
	Kind         string // image, video, audio, file, sticker, template, …; "" means a text
	Name         string
	ContentType  string
	File         []byte
	QuickReplies []PageReply
	Buttons      []PageButton
	Cards        []PageCard
	raw          json.RawMessage // payload of a template

	Reaction     string // the customer's
	PageReaction string

	// What customers don't see.
	Metadata  string // what the app wrote beside it
	Tag       string // why the app may write outside of the reply window, such as HUMAN_AGENT
	Elsewhere bool   // a person wrote it in the Page's inbox
}

// PageCustomer is a person with Messenger, in the conversation with one Page. Tests use it to write as the customer, and to see what
// arrived.
type PageCustomer struct {
	page *Page
	id   string
	name string

	// Guarded by page.g.mu.
	messages  []*PageMessage
	lastIn    time.Time // when she last did what opens the reply window
	blocked   bool      // she refuses the Page's messages
	private   bool      // apps can't read her profile
	offline   bool      // nothing is delivered to her phone
	typing    bool      // the Page shows that it is typing
	seenAt    time.Time // when the Page last marked the conversation as read
	lastEvent func()    // sends the webhook of what she did last; nil means that she did nothing

	// What the list of conversations leaves out, as Facebook's sometimes does.
	hidesConversation bool
	hidesMessages     bool
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

// HideConversation leaves the conversation out of the list of conversations, as if it were in another folder of the Page's inbox.
func (c *PageCustomer) HideConversation() { c.page.g.change(func() { c.hidesConversation = true }) }

// HideMessages lets the list of conversations name the conversation without its messages.
func (c *PageCustomer) HideMessages() { c.page.g.change(func() { c.hidesMessages = true }) }

// SetOnline connects or disconnects her phone; messages are delivered when it is online.
func (c *PageCustomer) SetOnline(on bool) {
	c.page.g.change(func() {
		c.offline = !on
		if on {
			c.notifyDeliveryLocked()
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
