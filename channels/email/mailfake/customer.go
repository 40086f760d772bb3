package mailfake

import (
	"fmt"
	"html"
	"net/mail"
	"strings"
	"time"
)

// Customer is somebody outside with an ordinary mail program. His mail arrives as from
// another provider: straight into the mailboxes, without SMTP login.
type Customer struct {
	srv  *Server
	addr mail.Address
}

// Sent tells what was sent and who took it.
type Sent struct {
	MessageID string    `json:"message_id"` // with angle brackets
	Date      time.Time `json:"date"`
	Raw       []byte    `json:"raw,omitempty"`
	Delivered []string  `json:"delivered"`
	Refused   []string  `json:"refused,omitempty"`
}

// Customer returns the customer with an address ("Ann Lee <ann@x.test>" or
// "ann@x.test") and opens a mailbox for him when he is new. Any mailbox may be used, to
// answer as its owner from another program. A malformed address makes Send fail.
func (s *Server) Customer(address string) *Customer {
	a, err := mail.ParseAddress(address)
	if err != nil {
		return &Customer{srv: s}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.findLocked(a.Address) == nil {
		s.addAccountLocked(MailboxConfig{Address: a.Address, Name: a.Name, Password: s.opts.CustomerPassword}, true)
	}
	return &Customer{srv: s, addr: *a}
}

// Address is the customer's bare address.
func (c *Customer) Address() string { return c.addr.Address }

// Inbox lists what the customer received, oldest first.
func (c *Customer) Inbox() []Received { return c.srv.Inbox(c.addr.Address) }

// Send composes a mail, delivers it to To, Cc and Bcc and keeps a copy in the
// customer's Sent folder. Empty MessageID and Date are filled in.
// Errors: a malformed address; *RefusedError when nobody takes the mail.
func (c *Customer) Send(m Mail) (Sent, error) {
	if c.addr.Address == "" {
		return Sent{}, fmt.Errorf("mailfake: send: malformed customer address")
	}
	if m.From == "" {
		m.From = c.addr.String()
	}
	if m.Date.IsZero() {
		m.Date = c.srv.clock()
	}
	if m.MessageID == "" {
		m.MessageID = c.srv.newMessageID(domainOf(c.addr.Address))
	}
	raw, err := m.compose()
	if err != nil {
		return Sent{}, err
	}
	var to []string
	for _, list := range [][]string{m.To, m.Cc, m.Bcc} {
		for _, s := range list {
			a, err := mail.ParseAddress(s)
			if err != nil {
				return Sent{}, fmt.Errorf("mailfake: send: %w", err)
			}
			to = append(to, a.Address)
		}
	}
	out := Sent{MessageID: m.MessageID, Date: m.Date, Raw: raw}
	out.Delivered, out.Refused, err = c.srv.deliver(c.addr.Address, to, raw, true)
	if err == nil {
		c.srv.saveSent(c.addr.Address, raw)
	}
	return out, err
}

// SendRaw delivers the bytes exactly as they are, without Return-Path, Delivered-To and
// Received lines; to are envelope recipients. Errors: *RefusedError.
func (c *Customer) SendRaw(raw []byte, to ...string) (Sent, error) {
	out := Sent{MessageID: parseReceived(raw).MessageID, Date: c.srv.clock(), Raw: raw}
	var err error
	out.Delivered, out.Refused, err = c.srv.deliver(c.addr.Address, to, raw, false)
	return out, err
}

// Reply answers a mail with plain text and HTML, as Gmail does.
func (c *Customer) Reply(to Received, text string) (Sent, error) {
	return c.ReplyWith(to, Mail{Text: text})
}

// ReplyWith answers a mail: what m leaves empty is filled in (To, Subject, In-Reply-To,
// References, the HTML of its text), and the answered mail is quoted below the text.
func (c *Customer) ReplyWith(to Received, m Mail) (Sent, error) {
	if len(m.To) == 0 {
		for _, a := range to.ReplyTo {
			m.To = append(m.To, (&mail.Address{Name: a.Name, Address: a.Address}).String())
		}
	}
	if len(m.To) == 0 {
		m.To = []string{(&mail.Address{Name: to.From.Name, Address: to.From.Address}).String()}
	}
	if m.Subject == "" {
		m.Subject = to.Subject
		if !strings.HasPrefix(strings.ToLower(m.Subject), "re:") {
			m.Subject = "Re: " + m.Subject
		}
	}
	if m.InReplyTo == "" {
		m.InReplyTo = to.MessageID
	}
	if len(m.References) == 0 {
		m.References = append(append([]string{}, to.References...), to.MessageID)
	}
	if m.HTML == "" {
		m.HTML = `<div dir="ltr">` + htmlLines(m.Text) + `</div>`
	}
	m.Text, m.HTML = quoteText(m.Text, to), quoteHTML(m.HTML, to)
	return c.Send(m)
}

func attribution(to Received) string {
	who := to.From.Address
	if to.From.Name != "" {
		who = to.From.Name + " <" + who + ">"
	}
	return fmt.Sprintf("On %s %s wrote:", to.Date.Format("Mon, Jan 2, 2006 at 3:04 PM"), who)
}

func quoteText(text string, to Received) string {
	body := to.Text
	if body == "" {
		body = to.HTML
	}
	var b strings.Builder
	b.WriteString(strings.TrimRight(text, "\n") + "\n\n" + attribution(to) + "\n\n")
	for _, line := range strings.Split(strings.TrimRight(body, "\n"), "\n") {
		if strings.HasPrefix(line, ">") || line == "" {
			b.WriteString(">" + line + "\n")
		} else {
			b.WriteString("> " + line + "\n")
		}
	}
	return b.String()
}

func quoteHTML(own string, to Received) string {
	quoted := to.HTML
	if quoted == "" {
		quoted = htmlLines(to.Text)
	}
	return own + `<br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">` +
		html.EscapeString(attribution(to)) + `<br></div><blockquote class="gmail_quote" ` +
		`style="margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204);padding-left:1ex">` +
		quoted + `</blockquote></div>` + "\n"
}

func htmlLines(text string) string {
	return strings.ReplaceAll(html.EscapeString(strings.TrimRight(text, "\n")), "\n", "<br>\n")
}
