package graphfake

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"
)

// Person is somebody with WhatsApp.
type Person struct {
	Phone    string // E.164; may be empty when UserID is set
	UserID   string // BSUID: "US.13491208655302741918"; "" means none yet
	Name     string // profile name
	Username string
	// HidePhone leaves the phone number out of webhooks: only the user id comes.
	HidePhone bool
	Offline   bool // messages are sent and not delivered
}

// Customer is a person's phone with WhatsApp, in the chat with one number of the business. Tests use it to write as the customer, and to
// see what arrived.
type Customer struct {
	n           *Number
	person      Person
	lastIn      time.Time // when the window was opened
	credit      float64   // messages that the business may still send at once, as of creditAt
	creditAt    time.Time
	typingUntil time.Time // until then the phone shows that the business is writing
}

// Customer returns a person's phone; a person that is known by phone or user id stays the same one.
func (n *Number) Customer(p Person) *Customer {
	n.g.mu.Lock()
	defer n.g.mu.Unlock()
	if c := n.customerLocked(p.Phone, p.UserID); c != nil {
		return c
	}
	c := &Customer{n: n, person: p, credit: float64(n.cfg.PairBurst), creditAt: n.g.clock()}
	n.customers = append(n.customers, c)
	n.g.Poke()
	return c
}

// customerLocked returns the customer with that phone number or user id; nil if there is none.
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

// pairSeconds is how many seconds pass until one more message to a customer may be sent.
const pairSeconds = 6

// hasOpenWindowLocked reports whether free text may be sent to the customer: for 24 hours after she wrote.
func (c *Customer) hasOpenWindowLocked(now time.Time) bool {
	return !c.lastIn.IsZero() && now.Sub(c.lastIn) < replyWindow
}

// creditLocked returns how many messages the customer may get now, at most burst. Each message uses one up, and one is added
// every six seconds.
func (c *Customer) creditLocked(now time.Time, burst int) float64 {
	c.credit = min(c.credit+now.Sub(c.creditAt).Seconds()/pairSeconds, float64(burst))
	c.creditAt = now
	return c.credit
}

// spendCreditLocked counts a message to the customer.
func (c *Customer) spendCreditLocked() { c.credit-- }

// idFields returns the customer's ids as webhooks name them.
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

// isPhoneHidden reports whether webhooks leave the phone number out. They need the user id then.
func (c *Customer) isPhoneHidden() bool {
	isWanted := c.person.HidePhone || c.n.cfg.NoProfile
	return isWanted && c.person.UserID != ""
}

// contactFields returns the customer as webhooks describe her.
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

// Send sends any message: kind is its type and content what stands under it; extra fields
// go beside it. It returns the id.
func (c *Customer) Send(kind string, content any, extra map[string]any) string {
	c.n.g.mu.Lock()
	defer c.n.g.mu.Unlock()
	return c.sendLocked(kind, content, extra, nil)
}

// sendLocked sends the webhook of a customer's message, and returns the message's id. show is the message as it stands in the chat; nil
// for what isn't a message there, such as a reaction.
func (c *Customer) sendLocked(kind string, content any, extra map[string]any, show *Message) string {
	g := c.n.g
	now := g.clock()
	m := map[string]any{"id": g.messageIDLocked(digitsOf(c.person.Phone)), "timestamp": strconv.FormatInt(now.Unix(), 10), "type": kind}
	maps.Copy(m, c.idFields("from", "from_user_id"))

	if content != nil {
		m[kind] = content
	}

	maps.Copy(m, extra)
	id, _ := m["id"].(string)

	if opensWindow := !slices.Contains([]string{"reaction", "edit", "system"}, kind); opensWindow {
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

	value := map[string]any{"messages": []any{m}}
	if kind != "system" {
		value["contacts"] = []any{c.contactFields()}
	}

	c.n.notifyMessagesLocked("hook.message", value)
	g.Poke()
	return id
}

// write sends a message that both sides see.
func (c *Customer) write(kind, text string, content any, extra map[string]any) string {
	c.n.g.mu.Lock()
	defer c.n.g.mu.Unlock()
	show := &Message{Text: text}
	if ctx, ok := extra["context"].(map[string]any); ok {
		show.Answers, _ = ctx["id"].(string)
	}
	return c.sendLocked(kind, content, extra, show)
}

// Text writes a text and returns its id.
func (c *Customer) Text(text string) string {
	return c.write("text", text, map[string]any{"body": text}, nil)
}

// Reply answers one message with a text.
func (c *Customer) Reply(to, text string) string {
	return c.write("text", text, map[string]any{"body": text}, map[string]any{"context": c.answerContext(to)})
}

// answerContext returns the field that names the message that is answered.
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

// Contact sends somebody's card.
func (c *Customer) Contact(name, phone string) string {
	card := map[string]any{"name": map[string]any{"formatted_name": name, "first_name": name},
		"phones": []any{map[string]any{"phone": phone, "wa_id": digitsOf(phone), "type": "CELL"}}}
	return c.write("contacts", name, []any{card}, nil)
}

// React puts an emoji onto a message; "" takes it back.
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

// Edit changes an own text. Only numbers that the phone app shares (coexistence) learn of it.
func (c *Customer) Edit(id, text string) string {
	c.n.g.mu.Lock()
	defer c.n.g.mu.Unlock()
	if m := c.n.findLocked(id); m != nil {
		m.Text, m.Edited = text, true
	}
	changed := map[string]any{"type": "text", "text": map[string]any{"body": text}}
	return c.sendLocked("edit", map[string]any{"original_message_id": id, "message": changed}, nil, nil)
}

// Tap taps a button or a row of a message of ours, by its id or its title.
// Errors: the message has no such button, or it is a link.
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

// choicesOf returns what can be tapped in a message; false if there is no such message.
func (c *Customer) choicesOf(message string) (choices []Choice, found bool) {
	c.n.g.mu.Lock()
	defer c.n.g.mu.Unlock()
	m := c.n.findLocked(message)
	if m == nil {
		return nil, false
	}
	return m.Choices(), true
}

// Read opens the chat: every message that came gets blue ticks.
func (c *Customer) Read() {
	c.n.g.change(func() {
		for _, m := range c.n.messages {
			hasArrived := m.Tick != TickFailed && !c.person.Offline
			if c.isToLocked(m) && hasArrived {
				c.n.tickLocked(m, TickRead)
			}
		}
	})
}

// isToLocked reports whether a message is the business's, to this customer.
func (c *Customer) isToLocked(m *Message) bool { return m.to == c && !m.FromCustomer }

// Online switches the phone on or off; what waited is delivered.
func (c *Customer) Online(on bool) {
	c.n.g.change(func() {
		c.person.Offline = !on
		for _, m := range c.n.messages {
			if on && c.isToLocked(m) {
				c.n.tickLocked(m, TickDelivered)
			}
		}
	})
}

// ChangeNumber gives the person a new phone number, and a new user id if there is one, and sends the webhook about it.
func (c *Customer) ChangeNumber(phone, userID string) {
	c.n.g.mu.Lock()
	defer c.n.g.mu.Unlock()
	was := c.person
	system := map[string]any{
		"type":  "user_changed_number",
		"body":  "User " + was.Name + " changed from " + digitsOf(was.Phone) + " to " + digitsOf(phone),
		"wa_id": digitsOf(phone),
	}
	if was.UserID != "" {
		system["previous_user_id"] = was.UserID
	}
	if userID != "" {
		system["user_id"] = userID
	}
	c.sendLocked("system", system, nil, nil) // from the old ids
	c.person.Phone, c.person.UserID = phone, userID
}

// Chat lists what the phone shows, in order. A message that never reached it isn't there.
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

// Inbox lists what came from the business by the API.
func (c *Customer) Inbox() []Message {
	return slices.DeleteFunc(c.Chat(), func(m Message) bool { return m.FromCustomer })
}

// Typing reports whether the phone shows that the business is writing.
func (c *Customer) Typing() bool {
	c.n.g.mu.Lock()
	defer c.n.g.mu.Unlock()
	return c.n.g.clock().Before(c.typingUntil)
}

// Window reports until when free text may be sent; the zero time means that it never opened.
func (c *Customer) Window() time.Time {
	c.n.g.mu.Lock()
	defer c.n.g.mu.Unlock()
	if c.lastIn.IsZero() {
		return time.Time{}
	}
	return c.lastIn.Add(replyWindow)
}

// Person returns who it is, as the emulator knows him now.
func (c *Customer) Person() Person {
	c.n.g.mu.Lock()
	defer c.n.g.mu.Unlock()
	return c.person
}

// Sent lists what the number sent by the API, in order, whatever became of it.
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
