package graphfake

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"
)

// Person describes a person with WhatsApp.
type Person struct {
	Phone     string // E.164; may be empty if UserID is set
	UserID    string // business-scoped user id: "US.13491208655302741918"; "" means that Customer makes one of Phone
	Name      string // profile name
	Username  string
	HidePhone bool // webhooks contain the user id without the phone number
}

// Customer is a person's phone in the WhatsApp chat with one number of the business. Tests use it to write as the customer, and
// to see what arrived: ann.Text("Hello?") sends a message and its webhook, and ann.Inbox() returns the replies.
type Customer struct {
	n           *Number
	person      Person
	lastIn      time.Time // when she last opened the reply window
	credit      float64   // messages that may be sent to her at once without exceeding the rate limit, as of creditAt
	creditAt    time.Time
	typingUntil time.Time // when the typing indicator of the business ends
}

// Customer returns the phone of a person. If a customer has the same phone number or user id, it returns that one.
func (n *Number) Customer(p Person) *Customer {
	n.g.mu.Lock()
	defer n.g.mu.Unlock()
	if c := n.customerLocked(p.Phone, p.UserID); c != nil {
		return c
	}
	if p.UserID == "" {
		p.UserID = "US.1349" + digitsOf(p.Phone) // Meta gives everybody one, whether or not the phone number is hidden
	}
	c := &Customer{n: n, person: p, credit: float64(n.cfg.PairBurst), creditAt: n.g.clock()}
	n.customers = append(n.customers, c)
	n.g.Poke()
	return c
}

// customerLocked returns the customer with a phone number or user id, or nil. "" matches nobody.
func (n *Number) customerLocked(phone, userID string) *Customer {
	i := slices.IndexFunc(n.customers, func(c *Customer) bool {
		if phone != "" && digitsOf(c.person.Phone) == digitsOf(phone) {
			return true
		}
		return userID != "" && c.person.UserID == userID
	})
	if i < 0 {
		return nil
	}
	return n.customers[i]
}

// replyWindow is how long after a customer's message free text may be sent.
const replyWindow = 24 * time.Hour

// pairSeconds is the interval in seconds at which a customer's credit grows by one message.
const pairSeconds = 6

// hasOpenWindowLocked reports whether free text may be sent to the customer, because she has written in the last 24 hours.
func (c *Customer) hasOpenWindowLocked(now time.Time) bool {
	return !c.lastIn.IsZero() && now.Sub(c.lastIn) < replyWindow
}

// creditLocked returns how many messages may be sent to the customer now. It is a token bucket of size burst.
func (c *Customer) creditLocked(now time.Time, burst int) float64 {
	c.credit = min(c.credit+now.Sub(c.creditAt).Seconds()/pairSeconds, float64(burst))
	c.creditAt = now
	return c.credit
}

// spendCreditLocked counts a message to the customer.
func (c *Customer) spendCreditLocked() { c.credit-- }

// idFields returns the customer's ids under the names that a webhook has for them.
func (c *Customer) idFields(phoneKey, userKey string) map[string]any {
	ids := map[string]any{}
	if c.person.Phone != "" && !c.isPhoneHidden() {
		ids[phoneKey] = digitsOf(c.person.Phone)
	}
	if c.person.UserID != "" {
		ids[userKey] = c.person.UserID
	}
	return ids
}

// isPhoneHidden reports whether webhooks contain only the user id. This is impossible for a customer without one.
func (c *Customer) isPhoneHidden() bool {
	return c.person.HidePhone && c.person.UserID != ""
}

// contactFields returns the customer's contact object for webhooks.
func (c *Customer) contactFields() map[string]any {
	profile := map[string]any{}
	if c.person.Name != "" {
		profile["name"] = c.person.Name
	}
	if c.person.Username != "" {
		profile["username"] = c.person.Username
	}
	contact := c.idFields("wa_id", "user_id")
	contact["profile"] = profile
	return contact
}

// Send sends any message and returns its id. kind is the message's type and content the value of the field of that name. extra
// has more fields of the message.
func (c *Customer) Send(kind string, content any, extra map[string]any) string {
	c.n.g.mu.Lock()
	defer c.n.g.mu.Unlock()
	return c.sendLocked(kind, content, extra, nil)
}

// sendLocked sends the webhook about a customer's message, and returns the message's id. show is the message to add to the chat;
// nil means that it isn't visible as a message there, such as a reaction.
func (c *Customer) sendLocked(kind string, content any, extra map[string]any, show *Message) string {
	g := c.n.g
	now := g.clock()
	m := map[string]any{"id": g.messageIDLocked(digitsOf(c.person.Phone)), "timestamp": strconv.FormatInt(now.Unix(), 10), "type": kind}
	maps.Copy(m, c.idFields("from", "from_user_id"))
	if content != nil {
		m[kind] = content
	}
	maps.Copy(m, extra)
	id, _ := m["id"].(string) // extra may have replaced it

	if opensWindow := !slices.Contains([]string{"reaction", "edit"}, kind); opensWindow {
		c.lastIn = now
	}

	if show != nil {
		show.ID, show.At, show.Type = id, now, kind
		show.FromCustomer, show.to = true, c
		show.Tick = TickDelivered
		show.serial = g.serialLocked()
		if show.Content == nil && content != nil {
			show.Content, _ = json.Marshal(content) // can't fail: these are plain values
		}
		c.n.messages = append(c.n.messages, show)
	}

	value := map[string]any{"messages": []any{m}, "contacts": []any{c.contactFields()}}
	c.n.notifyMessagesLocked("hook.message", value)
	g.Poke()
	return id
}

// write sends a message that is visible in the chat.
func (c *Customer) write(kind, text string, content any, extra map[string]any) string {
	c.n.g.mu.Lock()
	defer c.n.g.mu.Unlock()
	show := &Message{Text: text}
	if ctx, ok := extra["context"].(map[string]any); ok {
		show.Answers, _ = ctx["id"].(string)
	}
	return c.sendLocked(kind, content, extra, show)
}

// Text sends a text and returns the message's id.
func (c *Customer) Text(text string) string {
	return c.write("text", text, map[string]any{"body": text}, nil)
}

// Reply sends a text that quotes the message to.
func (c *Customer) Reply(to, text string) string {
	return c.write("text", text, map[string]any{"body": text}, map[string]any{"context": c.answerContext(to)})
}

// answerContext returns the field context, which identifies the message that is answered.
func (c *Customer) answerContext(to string) map[string]any {
	return map[string]any{"id": to, "from": digitsOf(c.n.cfg.Display)}
}

// Location sends a place.
func (c *Customer) Location(latitude, longitude float64, name, address string) string {
	l := map[string]any{"latitude": latitude, "longitude": longitude}
	if name != "" {
		l["name"] = name
	}
	if address != "" {
		l["address"] = address
	}
	return c.write("location", name, l, nil)
}

// React reacts to a message with an emoji; "" removes the reaction.
func (c *Customer) React(to, emoji string) string {
	c.n.g.mu.Lock()
	defer c.n.g.mu.Unlock()
	r := map[string]any{"message_id": to}
	if emoji != "" {
		r["emoji"] = emoji
	}
	if m := c.n.findLocked(to); m != nil {
		m.Reaction = emoji
	}
	return c.sendLocked("reaction", r, nil, nil)
}

// Edit changes the text of a message that the customer has sent. In reality, only numbers that also use WhatsApp's phone app
// (coexistence) get this webhook.
func (c *Customer) Edit(id, text string) string {
	c.n.g.mu.Lock()
	defer c.n.g.mu.Unlock()
	if m := c.n.findLocked(id); m != nil {
		m.Text, m.Edited = text, true
	}
	changed := map[string]any{"type": "text", "text": map[string]any{"body": text}}
	return c.sendLocked("edit", map[string]any{"original_message_id": id, "message": changed}, nil, nil)
}

// Tap taps a button or list row below a message, by its id or title, and returns the id of the customer's reply.
// Errors: the message is unknown, or has no such button except for a link.
func (c *Customer) Tap(message, choice string) (string, error) {
	choices, found := c.choicesOf(message)
	if !found {
		return "", fmt.Errorf("graphfake: tap: no message %q", message)
	}
	isChosen := func(b Choice) bool { return b.kind != linkKind && (b.ID == choice || b.Title == choice) }
	i := slices.IndexFunc(choices, isChosen)
	if i < 0 {
		return "", fmt.Errorf("graphfake: tap: no button %q", choice)
	}

	b := choices[i]
	extra := map[string]any{"context": c.answerContext(message)}
	if b.kind == "button" { // of a template
		return c.write("button", b.Title, map[string]any{"payload": b.ID, "text": b.Title}, extra), nil
	}
	chosen := map[string]any{"id": b.ID, "title": b.Title}
	if b.kind == "list_reply" {
		chosen["description"] = b.Description
	}
	return c.write("interactive", b.Title, map[string]any{"type": b.kind, b.kind: chosen}, extra), nil
}

// choicesOf returns the buttons and list rows of a message; false means that the message is unknown.
func (c *Customer) choicesOf(message string) (choices []Choice, found bool) {
	c.n.g.mu.Lock()
	defer c.n.g.mu.Unlock()
	m := c.n.findLocked(message)
	if m == nil {
		return nil, false
	}
	return m.Choices(), true
}

// Read opens the chat, which marks all delivered messages as read.
func (c *Customer) Read() {
	c.n.g.change(func() {
		for _, m := range c.n.messages {
			if c.isToLocked(m) && m.Tick != TickFailed {
				c.n.tickLocked(m, TickRead)
			}
		}
	})
}

// isToLocked reports whether a message was sent by the business to this customer.
func (c *Customer) isToLocked(m *Message) bool { return m.to == c && !m.FromCustomer }

// Chat returns the messages that the phone shows, in order. Messages that weren't delivered to it aren't included.
func (c *Customer) Chat() []Message {
	c.n.g.mu.Lock()
	defer c.n.g.mu.Unlock()
	var list []Message
	for _, m := range c.n.messages {
		isShown := m.FromCustomer || rankOf(m.Tick) >= rankOf(TickDelivered)
		if m.to == c && m.Tick != TickFailed && isShown {
			list = append(list, *m)
		}
	}
	return list
}

// Inbox returns the messages from the business that the phone shows.
func (c *Customer) Inbox() []Message {
	return slices.DeleteFunc(c.Chat(), func(m Message) bool { return m.FromCustomer })
}

// Typing reports whether the phone shows the typing indicator of the business.
func (c *Customer) Typing() bool {
	c.n.g.mu.Lock()
	defer c.n.g.mu.Unlock()
	return c.n.g.clock().Before(c.typingUntil)
}

// Window returns when the reply window closes, or has closed; the zero time means that it was never open.
func (c *Customer) Window() time.Time {
	c.n.g.mu.Lock()
	defer c.n.g.mu.Unlock()
	if c.lastIn.IsZero() {
		return time.Time{}
	}
	return c.lastIn.Add(replyWindow)
}

// Person returns the person's present data.
func (c *Customer) Person() Person {
	c.n.g.mu.Lock()
	defer c.n.g.mu.Unlock()
	return c.person
}

// Sent returns all messages that the number has sent, in order, including failed ones.
func (n *Number) Sent() []Message {
	n.g.mu.Lock()
	defer n.g.mu.Unlock()
	var list []Message
	for _, m := range n.messages {
		if !m.FromCustomer {
			list = append(list, *m)
		}
	}
	return list
}
