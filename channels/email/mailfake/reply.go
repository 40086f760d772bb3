package mailfake

import (
	"cmp"
	"fmt"
	"html"
	"net/mail"
	"slices"
	"strings"
)

// Program is the mail program that a customer answers with; each quotes in its own way.
type Program string

// The mail programs.
const (
	Gmail   Program = "gmail"   // attribution line, "> ", div.gmail_quote
	Outlook Program = "outlook" // From/Sent/To/Subject block, nothing in front of the lines
	Apple   Program = "apple"   // attribution line, "> ", blockquote type=cite
	Plain   Program = "plain"   // text only, attribution line, "> "
)

// Reply answers a mail with plain text and HTML, as Gmail does.
func (c *Customer) Reply(to Received, text string) (Sent, error) {
	return c.ReplyWith(to, Mail{Text: text})
}

// ReplyWith is Reply with more than a text: see ReplyAs.
func (c *Customer) ReplyWith(to Received, m Mail) (Sent, error) { return c.ReplyAs(Gmail, to, m) }

// ReplyAs answers a mail: what m leaves empty is filled in (To, Subject, In-Reply-To,
// References, the HTML of its text), and the answered mail is quoted below the text as
// the program does it. Errors: those of Send, and an unknown program.
func (c *Customer) ReplyAs(program Program, to Received, m Mail) (Sent, error) {
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
	if m.HTML == "" && program != Plain {
		m.HTML = `<div dir="ltr">` + htmlLines(m.Text) + `</div>`
	}
	if err := quote(program, &m, to); err != nil {
		return Sent{}, err
	}

	return c.Send(m)
}

// quote appends the answered mail to both bodies.
func quote(program Program, m *Mail, to Received) error {
	said := fmt.Sprintf("On %s %s wrote:", to.Date.Format("Mon, Jan 2, 2006 at 3:04 PM"), to.From.quotedName())
	oldHTML := to.HTML
	if oldHTML == "" {
		oldHTML = htmlLines(to.Text)
	}

	own := strings.TrimRight(m.Text, "\n") + "\n\n"
	switch program {
	case Gmail:
		m.Text = own + said + "\n\n" + quoteLines(to)
		m.HTML += `<br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">` +
			html.EscapeString(said) + `<br></div><blockquote class="gmail_quote" ` +
			`style="margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204);padding-left:1ex">` +
			oldHTML + "</blockquote></div>\n"
	case Outlook:
		block := [][2]string{{"From", to.From.quotedName()}, {"Sent", to.Date.Format("Monday, January 2, 2006 3:04 PM")},
			{"To", to.Address}, {"Subject", to.Subject}}
		m.Text = own + strings.Repeat("_", 32) + "\n"
		m.HTML += `<div id="appendonsend"></div><hr style="display:inline-block;width:98%"><div id="divRplyFwdMsg" dir="ltr">`
		for _, b := range block {
			m.Text += b[0] + ": " + b[1] + "\n"
			m.HTML += "<b>" + b[0] + ":</b> " + html.EscapeString(b[1]) + "<br>"
		}

		m.Text += "\n" + to.plainBody()
		m.HTML += "</div><div>" + oldHTML + "</div>\n"
	case Apple:
		said = fmt.Sprintf("On %s, %s wrote:", to.Date.Format("Jan 2, 2006, at 3:04\u202fPM"), to.From.quotedName())
		m.Text = own + said + "\n\n" + quoteLines(to)
		m.HTML += `<div><br><blockquote type="cite"><div>` + html.EscapeString(said) + "</div><br>" + oldHTML + "</blockquote></div>\n"
	case Plain:
		m.Text = own + said + "\n" + quoteLines(to)
	default:
		return fmt.Errorf("mailfake: reply: unknown program %q", program)
	}

	return nil
}

// String is the address as a header writes it.
func (a Address) String() string { return (&mail.Address{Name: a.Name, Address: a.Address}).String() }

// quotedName is the address as programs write it into a quotation.
func (a Address) quotedName() string {
	if a.Name == "" {
		return a.Address
	}
	return a.Name + " <" + a.Address + ">"
}

func (r Received) plainBody() string {
	body := cmp.Or(r.Text, r.HTML)
	return strings.TrimRight(body, "\n") + "\n"
}

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

func htmlLines(text string) string {
	return strings.ReplaceAll(html.EscapeString(strings.TrimRight(text, "\n")), "\n", "<br>\n")
}
