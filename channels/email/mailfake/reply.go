package mailfake

import (
	"cmp"
	"fmt"
	"html"
	"net/mail"
	"slices"
	"strings"
)

// Program is the mail program with which a customer replies. Each program quotes the original mail in its own way,
// and Parley must find out in each case where the customer's own text ends. Gmail, for example, writes:
//
//	Thanks!
//
//	On Fri, Jan 2, 2026 at 3:04 PM Kim <support@acme.test> wrote:
//
//	> Did that help?
type Program string

// The mail programs.
const (
	Gmail   Program = "gmail"   // attribution line, lines prefixed with "> "; HTML: div.gmail_quote
	Outlook Program = "outlook" // From/Sent/To/Subject block, lines without a prefix
	Apple   Program = "apple"   // attribution line, lines prefixed with "> "; HTML: blockquote type=cite
	Plain   Program = "plain"   // attribution line, lines prefixed with "> "; no HTML
)

// Reply sends a reply as Gmail does, in plain text and HTML.
func (c *Customer) Reply(to Received, text string) (Sent, error) {
	return c.ReplyWith(to, Mail{Text: text})
}

// ReplyWith is Reply for a mail with other fields than its text, such as attachments. See ReplyAs.
func (c *Customer) ReplyWith(to Received, m Mail) (Sent, error) { return c.ReplyAs(Gmail, to, m) }

// ReplyAs sends m as a reply to a mail. It fills in the fields that m leaves empty (To, Subject, In-Reply-To,
// References and the HTML text), and quotes the original mail below the text as the program does.
// Errors: those of Send, and an unknown program.
func (c *Customer) ReplyAs(program Program, to Received, m Mail) (Sent, error) {
	fillReplyHeaders(&m, to)
	if m.Date.IsZero() {
		m.Date = c.post.clock()
	}
	if m.HTML == "" && program != Plain {
		m.HTML = `<div dir="ltr">` + htmlLines(m.Text) + `</div>`
	}
	if err := quote(program, &m, to); err != nil {
		return Sent{}, err
	}

	return c.Send(m)
}

// fillReplyHeaders sets the recipients, the subject and the thread headers that m leaves empty.
func fillReplyHeaders(m *Mail, to Received) {
	if len(m.To) == 0 {
		for _, a := range to.ReplyTo {
			m.To = append(m.To, a.String())
		}
	}
	if len(m.To) == 0 {
		m.To = []string{to.From.String()}
	}
	if m.Subject == "" {
		m.Subject = to.Subject
		if !strings.HasPrefix(strings.ToLower(m.Subject), "re:") {
			m.Subject = "Re: " + m.Subject
		}
	}

	m.InReplyTo = cmp.Or(m.InReplyTo, to.MessageID)
	if len(m.References) == 0 {
		m.References = append(slices.Clone(to.References), to.MessageID)
	}
}

// quote appends the original mail to the plain text and to the HTML of a reply, with its time in the zone of who replies. Plain
// has no HTML.
func quote(program Program, m *Mail, to Received) error {
	to.Date = to.Date.In(m.Date.Location())
	attribution := fmt.Sprintf("On %s %s wrote:", to.Date.Format("Mon, Jan 2, 2006 at 3:04 PM"), to.From.quotedName())
	oldHTML := to.HTML
	if oldHTML == "" {
		oldHTML = htmlLines(to.Text)
	}

	own := strings.TrimRight(m.Text, "\n") + "\n\n"
	switch program {
	case Gmail:
		m.Text = own + attribution + "\n\n" + quoteLines(to)
		m.HTML += `<br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">` +
			html.EscapeString(attribution) + `<br></div><blockquote class="gmail_quote" ` +
			`style="margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204);padding-left:1ex">` +
			oldHTML + "</blockquote></div>\n"
	case Outlook:
		headers := []struct{ name, value string }{
			{"From", to.From.quotedName()},
			{"Sent", to.Date.Format("Monday, January 2, 2006 3:04 PM")},
			{"To", to.Address},
			{"Subject", to.Subject},
		}
		m.Text = own + strings.Repeat("_", 32) + "\n"
		m.HTML += `<div id="appendonsend"></div><hr style="display:inline-block;width:98%"><div id="divRplyFwdMsg" dir="ltr">`
		for _, h := range headers {
			m.Text += h.name + ": " + h.value + "\n"
			m.HTML += "<b>" + h.name + ":</b> " + html.EscapeString(h.value) + "<br>"
		}

		m.Text += "\n" + to.plainBody()
		m.HTML += "</div><div>" + oldHTML + "</div>\n"
	case Apple:
		attribution = fmt.Sprintf("On %s, %s wrote:", to.Date.Format("Jan 2, 2006, at 3:04\u202fPM"), to.From.quotedName())
		m.Text = own + attribution + "\n\n" + quoteLines(to)
		m.HTML += `<div><br><blockquote type="cite"><div>` + html.EscapeString(attribution) + "</div><br>" +
			oldHTML + "</blockquote></div>\n"
	case Plain:
		m.Text = own + attribution + "\n" + quoteLines(to)
	default:
		return fmt.Errorf("mailfake: reply: unknown program %q", program)
	}

	return nil
}

// String returns the address as it is written in a header: "Ann Lee" <ann@customer.test>.
func (a Address) String() string { return (&mail.Address{Name: a.Name, Address: a.Address}).String() }

// quotedName returns the address as programs write it into a quotation: Ann Lee <ann@customer.test>.
func (a Address) quotedName() string {
	if a.Name == "" {
		return a.Address
	}
	return a.Name + " <" + a.Address + ">"
}

// plainBody returns the text that programs quote. It ends with one newline.
func (r Received) plainBody() string {
	body := cmp.Or(r.Text, r.HTML)
	return strings.TrimRight(body, "\n") + "\n"
}

// quoteLines prefixes each line of the original mail: "> text", but ">" for an empty line and ">> text" for a line
// that was already quoted.
func quoteLines(to Received) string {
	var b strings.Builder
	for _, line := range strings.Split(strings.TrimSuffix(to.plainBody(), "\n"), "\n") {
		if line == "" || line[0] == '>' {
			b.WriteString(">" + line + "\n")
		} else {
			b.WriteString("> " + line + "\n")
		}
	}
	return b.String()
}

// htmlLines converts plain text to HTML.
func htmlLines(text string) string {
	return strings.ReplaceAll(html.EscapeString(strings.TrimRight(text, "\n")), "\n", "<br>\n")
}
