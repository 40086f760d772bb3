package mailfake

import (
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"time"
)

// Customer is a person outside the company with an ordinary mail program. Tests write mails as customers:
//
//	ann := world.Customer("Ann Lee <ann@customer.test>")
//	sent, err := ann.Send(mailfake.Mail{To: []string{"help@acme.test"}, Subject: "Hi", Text: "Help!"})
//
// A customer's mails are delivered directly to the mailboxes, without SMTP.
type Customer struct {
	post *office
	addr mail.Address
}

// Sent describes a mail that was sent, with the recipients that accepted and refused it.
type Sent struct {
	MessageID string    `json:"message_id"` // with angle brackets
	Date      time.Time `json:"date"`
	Raw       []byte    `json:"raw,omitempty"`
	Delivered []string  `json:"delivered"`
	Refused   []string  `json:"refused,omitempty"`
}

// Customer returns the customer with an address ("Ann Lee <ann@x.test>" or "ann@x.test"), and creates a mailbox if there
// is none. The address may be that of any mailbox, to write as its owner from another program. With a malformed address,
// Send fails.
func (o *office) Customer(address string) *Customer {
	a, err := mail.ParseAddress(address)
	if err != nil {
		return &Customer{post: o}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.boxes.findLocked(a.Address) == nil {
		o.boxes.addCustomerLocked(MailboxConfig{Address: a.Address, Name: a.Name, Password: o.opts.CustomerPassword})
	}
	return &Customer{post: o, addr: *a}
}

// Address returns the address without the name.
func (c *Customer) Address() string { return c.addr.Address }

// Inbox returns the mails in the customer's inbox, oldest first.
func (c *Customer) Inbox() []Received { return c.post.boxes.Inbox(c.addr.Address) }

// Send composes a mail, delivers it to To, Cc and Bcc, and stores a copy with its Bcc in the customer's Sent folder. From,
// MessageID and Date have defaults. Send returns an error for a malformed address, and a *RefusedError if all recipients
// refuse the mail.
func (c *Customer) Send(m Mail) (Sent, error) {
	if c.addr.Address == "" {
		return Sent{}, fmt.Errorf("mailfake: send: malformed customer address")
	}
	if m.From == "" {
		m.From = c.addr.String()
	}
	if m.Date.IsZero() {
		m.Date = c.post.clock()
	}
	if m.MessageID == "" {
		m.MessageID = c.post.newMessageID(domainOf(c.addr.Address))
	}

	raw, err := m.compose()
	if err != nil {
		return Sent{}, err
	}

	var to []string
	for _, s := range slices.Concat(m.To, m.Cc, m.Bcc) {
		a, err := mail.ParseAddress(s)
		if err != nil {
			return Sent{}, fmt.Errorf("mailfake: send: %w", err)
		}
		to = append(to, a.Address)
	}

	delivered, refused, err := c.post.deliver(envelope{from: c.addr.Address, to: to, raw: raw})
	if err == nil {
		c.post.saveSent(c.addr.Address, m.withBcc(raw))
	}

	return Sent{MessageID: m.MessageID, Date: m.Date, Raw: raw, Delivered: delivered, Refused: refused}, err
}

// withBcc returns the copy for the Sent folder, which has the Bcc field that the recipients don't see.
func (m Mail) withBcc(raw []byte) []byte {
	if len(m.Bcc) == 0 {
		return raw
	}
	return append([]byte("Bcc: "+strings.Join(m.Bcc, ", ")+"\r\n"), raw...)
}

// SendRaw delivers raw unchanged, without adding Return-Path, Delivered-To and Received fields, to the envelope recipients
// to. It returns a *RefusedError if all of them refuse the mail.
func (c *Customer) SendRaw(raw []byte, to ...string) (Sent, error) {
	at := c.post.clock()
	delivered, refused, err := c.post.deliver(envelope{from: c.addr.Address, to: to, raw: raw, noTrace: true})
	return Sent{MessageID: parseReceived(raw).MessageID, Date: at, Raw: raw, Delivered: delivered, Refused: refused}, err
}
