package graphfake

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"
)

// Tick is the delivery state of a message from the business, after the ticks that WhatsApp shows. The states are in order, but
// TickFailed may follow any of them, and is final.
type Tick string

// The ticks of a message.
const (
	TickAccepted  Tick = "accepted"
	TickSent      Tick = "sent"
	TickDelivered Tick = "delivered"
	TickRead      Tick = "read"
	TickFailed    Tick = "failed"
)

// Message is one message in a WhatsApp chat, from either side, as the customer's phone shows it.
type Message struct {
	ID           string          `json:"id"`
	FromCustomer bool            `json:"from_customer"`
	At           time.Time       `json:"at"`
	Type         string          `json:"type"`
	Text         string          `json:"text,omitempty"`     // body, caption, or title of the button
	Answers      string          `json:"answers,omitempty"`  // id of the message that it answers
	Content      json.RawMessage `json:"content,omitempty"`  // the field named by Type
	Template     string          `json:"template,omitempty"` // text of the filled template
	File         *File           `json:"file,omitempty"`
	Reaction     string          `json:"reaction,omitempty"` // from the other side
	Edited       bool            `json:"edited,omitempty"`
	Tick         Tick            `json:"tick,omitempty"`
	Error        int             `json:"error,omitempty"` // of TickFailed
	Token        string          `json:"token,omitempty"` // biz_opaque_callback_data

	to      *Customer // the customer in whose chat it is, also if she wrote it
	buttons []Choice  // of a template
	serial  int64
}

// File is a file in a message.
type File struct {
	Name        string `json:"name,omitempty"`
	ContentType string `json:"content_type"`
	Content     []byte `json:"content,omitempty"`
}

// incoming is the body of POST /{phone}/messages.
type incoming struct {
	Product       string          `json:"messaging_product"`
	RecipientType string          `json:"recipient_type"`
	To            string          `json:"to"`
	Recipient     string          `json:"recipient"`
	Type          string          `json:"type"`
	Token         *string         `json:"biz_opaque_callback_data"`
	Context       *contextObject  `json:"context"`
	Status        string          `json:"status"`
	MessageID     string          `json:"message_id"`
	Typing        json.RawMessage `json:"typing_indicator"`

	fields map[string]json.RawMessage
}

type contextObject struct {
	MessageID string `json:"message_id"`
}

// messageKinds returns the message types of the Cloud API.
func messageKinds() []string {
	return []string{"text", "image", "video", "audio", "document", "location", "contacts", "interactive", "template"}
}

// postMessage sends a message, or marks one as read.
func (n *Number) postMessage(c *call) (any, *APIError) {
	var in incoming
	if err := c.readBody(&in); err != nil {
		return nil, err
	}
	if err := c.readBody(&in.fields); err != nil {
		return nil, err
	}
	if in.Product != "whatsapp" {
		return nil, invalidError("messaging_product must be whatsapp.")
	}
	if in.Status != "" || in.Typing != nil {
		return n.markRead(in)
	}

	allowed := append(messageKinds(),
		"messaging_product", "recipient_type", "to", "recipient", "type", "biz_opaque_callback_data", "context")
	for key := range in.fields {
		if !slices.Contains(allowed, key) {
			return nil, invalidError("Unexpected key \"" + key + "\" on param \"message\".")
		}
	}

	m := &Message{Type: in.Type, Tick: TickAccepted}
	if in.Type == "" {
		m.Type, in.Type = "text", "text" // the default of the API
	}
	if err := n.validate(in, m); err != nil {
		return nil, err
	}

	n.g.mu.Lock()
	defer n.g.mu.Unlock()
	return n.acceptLocked(in, m)
}

// acceptLocked makes the checks that depend on state (reply window, rate limits, templates, files), and sends the message.
func (n *Number) acceptLocked(in incoming, m *Message) (any, *APIError) {
	now := n.g.clock()
	to, dropped := n.recipientLocked(in)
	if err := n.checkContentLocked(in, m); err != nil {
		return nil, err
	}

	failure := 0 // the error code of a later failure; 0 means that the message is delivered
	if !dropped {
		failure = findFailureLocked(to, m, now)
	}
	if failure == WindowClosed && !n.cfg.FailLater {
		return nil, cloudError(failure, "More than 24 hours have passed since the customer last replied to this number.")
	}
	if err := n.checkRatesLocked(to, now); err != nil {
		return nil, err
	}

	n.completeLocked(in, m, now)
	m.to = to
	defer n.g.Poke()
	if dropped { // accepted, but never sent, and without any webhook
		return makeAnswer(in, m), nil
	}
	n.messages = append(n.messages, m)
	n.sentAt = append(n.sentAt, now)
	if failure != 0 {
		n.failLocked(m, in, failure)
	} else {
		n.arriveLocked(to, m)
	}
	return makeAnswer(in, m), nil
}

// findFailureLocked returns the error code for a message that can't be delivered; 0 means that it can. to is nil if the
// customer is unknown.
func findFailureLocked(to *Customer, m *Message, now time.Time) int {
	switch {
	case to == nil:
		return Undeliverable
	case m.Type != "template" && !to.hasOpenWindowLocked(now):
		return WindowClosed
	}
	return 0
}

// completeLocked sets the fields of an accepted message other than its text and file.
func (n *Number) completeLocked(in incoming, m *Message, now time.Time) {
	m.ID = n.g.messageIDLocked(digitsOf(in.To + in.Recipient))
	m.serial = n.g.serialLocked()
	m.At = now
	m.Content = in.fields[in.Type]
	if in.Token != nil {
		m.Token = *in.Token
	}
	if in.Context != nil && m.Type != "template" { // phones don't show what a template answers
		m.Answers = in.Context.MessageID
	}
}

// arriveLocked marks a message as sent and delivered.
func (n *Number) arriveLocked(to *Customer, m *Message) {
	to.spendCreditLocked()
	to.typingUntil = time.Time{}
	n.tickLocked(m, TickSent)
	n.tickLocked(m, TickDelivered)
}

// makeAnswer returns the response for an accepted message.
func makeAnswer(in incoming, m *Message) map[string]any {
	message := map[string]any{"id": m.ID}
	if m.Type == "template" {
		message["message_status"] = "accepted"
	}
	person := map[string]any{"input": in.Recipient, "user_id": in.Recipient}
	if in.To != "" {
		person = map[string]any{"input": in.To, "wa_id": digitsOf(in.To)}
	}
	return map[string]any{"messaging_product": "whatsapp", "messages": []any{message}, "contacts": []any{person}}
}

// recipientLocked returns the customer, or nil if she is unknown. dropped is true if "to" contains a user id: WhatsApp accepts
// such messages, but never delivers them.
func (n *Number) recipientLocked(in incoming) (to *Customer, dropped bool) {
	if in.To != "" {
		if userIDPattern.MatchString(in.To) {
			return nil, true
		}
		return n.customerLocked("+"+digitsOf(in.To), ""), false
	}
	return n.customerLocked("", in.Recipient), false
}

// checkRatesLocked refuses a message if the number has sent too many recently, in total or to this customer.
func (n *Number) checkRatesLocked(to *Customer, now time.Time) *APIError {
	n.sentAt = slices.DeleteFunc(n.sentAt, func(t time.Time) bool { return now.Sub(t) >= time.Second })
	if n.cfg.PerSecond > 0 && len(n.sentAt) >= n.cfg.PerSecond {
		err := cloudError(NumberRate, "Cloud API message throughput has been reached.")
		err.Status = http.StatusTooManyRequests
		return err
	}
	if to == nil || n.cfg.PairBurst <= 0 {
		return nil
	}
	if to.creditLocked(now, n.cfg.PairBurst) < 1 {
		return cloudError(PairRate, "Too many messages sent from this number to the same recipient in a short period of time.")
	}
	return nil
}

// typingLife is how long the phone shows a typing indicator.
const typingLife = 25 * time.Second

// markRead marks a customer's message and all her earlier ones as read.
func (n *Number) markRead(in incoming) (any, *APIError) {
	if in.Status != "read" {
		return nil, invalidError("There is no typing indicator without status read.")
	}

	n.g.mu.Lock()
	defer n.g.mu.Unlock()
	m := n.findLocked(in.MessageID)
	if m == nil || !m.FromCustomer {
		return nil, invalidError("message_id isn't a message of a customer.")
	}

	for _, other := range n.messages {
		isSameCustomers := other.FromCustomer && other.to == m.to
		if isSameCustomers && other.serial <= m.serial {
			other.Tick = TickRead
		}
	}

	if in.Typing != nil {
		m.to.typingUntil = n.g.clock().Add(typingLife)
	}

	n.g.Poke()
	return map[string]any{"success": true}, nil
}
