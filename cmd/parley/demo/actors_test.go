package demo

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"parley/channels/email/mailfake"
)

// customerCommand makes a customer act and looks into the customer's mailbox.
//
//	customer maria mails 'Subject' 'text' [detail=…]    customer maria replies 'text' [detail=…]
//	customer maria receives 'text' [attachment] [header=Name:value] [answers=last]
//	customer maria has 2 mails                          customer maria receives-in-order 'a' 'b'
//	customer maria answers politely|rudely 'text'       customer maria repeats last
func customerCommand(ts *testscript.TestScript, neg bool, args []string) {
	s := onStage(ts)
	if len(args) < 2 || len(args) < 3 && !phoneVerb(args[1]) {
		ts.Fatalf("usage: customer NAME mails|replies|receives|has|texts|taps|reads|sees …")
	}

	name := strings.ToUpper(args[0][:1]) + args[0][1:]
	c := s.company.Mail.Customer(fmt.Sprintf("%s <%s@customer.test>", name, args[0]))
	if phoneVerb(args[1]) {
		s.phoneCommand(ts, neg, name, c.Address(), args[1:])
		return
	}

	switch args[1] {
	case "mails":
		m := mailfake.Mail{To: []string{HelpAddress}, Subject: args[2], Text: words(ts, args[3])}
		details(ts, &m, args[4:])
		_, err := c.Send(m)
		ts.Check(err)
		s.last = args[2]
	case "replies":
		m := mailfake.Mail{Text: args[2]}
		program := details(ts, &m, args[3:])
		inbox := c.Inbox()
		if len(inbox) == 0 {
			ts.Fatalf("%s has no mail to reply to", name)
		}
		_, err := c.ReplyAs(program, inbox[len(inbox)-1], m)
		ts.Check(err)
	case "repeats":
		sent := s.company.Mail.Sent(c.Address())
		_, err := c.SendRaw(sent[len(sent)-1].Raw, HelpAddress)
		ts.Check(err)
	case "answers":
		ts.Check(s.company.Mail.SetAutoReply(c.Address(), &mailfake.AutoReply{Text: args[3], Rude: args[2] == "rudely"}))
	default:
		customerLooks(ts, neg, s, c, args)
	}
}

// words returns a text, or the content of one of the script's files if the text is file=name.
func words(ts *testscript.TestScript, text string) string {
	name, isFile := strings.CutPrefix(text, "file=")
	if !isFile {
		return text
	}
	body, err := os.ReadFile(ts.MkAbs(name))
	ts.Check(err)
	return string(body)
}

// customerLooks runs the verbs that look into the mailbox.
func customerLooks(ts *testscript.TestScript, neg bool, s *stage, c *mailfake.Customer, args []string) {
	switch args[1] {
	case "receives":
		expect(ts, neg, args[0]+" receives "+strings.Join(args[2:], " "), func() bool {
			return slices.ContainsFunc(c.Inbox(), func(r mailfake.Received) bool {
				return strings.Contains(r.Text, args[2]) && s.looksLike(ts, c, r, args[3:])
			})
		})
	case "receives-in-order":
		expect(ts, neg, args[0]+" receives in order "+strings.Join(args[2:], ", "), func() bool {
			var all strings.Builder
			for _, r := range c.Inbox() {
				all.WriteString(r.Text + "\n")
			}
			return inOrder(all.String(), args[2:])
		})
	case "has":
		if !neg {
			ts.Check(s.untilSettled())
		}
		expect(ts, neg, fmt.Sprintf("%s has %s mails, not %d", args[0], args[2], len(c.Inbox())), func() bool {
			return fmt.Sprint(len(c.Inbox())) == args[2]
		})
	default:
		ts.Fatalf("unknown: customer %s", args[1])
	}
}

// looksLike checks details of a received mail besides its text.
func (s *stage) looksLike(ts *testscript.TestScript, c *mailfake.Customer, r mailfake.Received, want []string) bool {
	for _, w := range want {
		name, value, detail := strings.Cut(w, "=")
		ok := false
		switch {
		case !detail:
			ok = slices.ContainsFunc(r.Attachments, func(a mailfake.Attachment) bool { return a.Name == w })
		case name == "answers":
			ok = s.answersLast(c, r)
		case name == "header":
			field, text, _ := strings.Cut(value, ":")
			ok = strings.Contains(r.Get(field), text)
		case name == "without":
			ok = r.Get(value) == ""
		case name == "html":
			ok = strings.Contains(r.HTML, value)
		case name == "lacks":
			ok = !strings.Contains(r.Text, value)
		case name == "lines":
			n, err := strconv.Atoi(value)
			ts.Check(err)
			ok = linesInOrder(r.Text, n)
		default:
			ts.Fatalf("unknown detail %q", name)
		}
		if !ok {
			return false
		}
	}
	return true
}

// answersLast reports whether a mail belongs into the thread of the customer's newest mail, so that any mail program puts it
// there.
func (s *stage) answersLast(c *mailfake.Customer, r mailfake.Received) bool {
	sent := s.company.Mail.Sent(c.Address())
	last, first := sent[len(sent)-1].MessageID, sent[0].MessageID
	return r.InReplyTo == last && slices.Contains(r.References, last) && slices.Contains(r.References, first) &&
		strings.HasPrefix(r.Subject, "Re: ") && !slices.Contains(r.References, r.MessageID)
}

// details applies name=value arguments to a mail. It returns the mail program that writes it.
func details(ts *testscript.TestScript, m *mailfake.Mail, args []string) mailfake.Program {
	program := mailfake.Gmail
	for _, a := range args {
		name, value, _ := strings.Cut(a, "=")
		switch name {
		case "to":
			m.To = append(m.To, value)
		case "cc":
			m.Cc = append(m.Cc, value)
		case "id":
			m.MessageID = value
		case "html":
			m.HTML = value
		case "program":
			program = mailfake.Program(value)
		case "lines":
			n, err := strconv.Atoi(value)
			ts.Check(err)
			m.Text += "\n" + numbered(n)
		case "header":
			k, v, _ := strings.Cut(value, ":")
			if m.Headers == nil {
				m.Headers = map[string]string{}
			}
			m.Headers[k] = strings.TrimSpace(v)
		case "attach":
			body, err := os.ReadFile(ts.MkAbs(value))
			ts.Check(err)
			m.Attachments = append(m.Attachments, mailfake.Attachment{Name: value, Content: body})
		case "attachments":
			n, err := strconv.Atoi(value)
			ts.Check(err)
			for i := range n {
				m.Attachments = append(m.Attachments,
					mailfake.Attachment{Name: fmt.Sprintf("scan-%03d.txt", i+1), Content: fmt.Appendf(nil, "page %d", i+1)})
			}
		default:
			ts.Fatalf("unknown detail %q", name)
		}
	}
	return program
}

// numbered returns numbered lines, so that a missing or misplaced one is noticed.
func numbered(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "Line %05d of what I have to say about my order and its delivery.\n\n", i+1)
	}
	return b.String()
}

// inOrder reports whether a text has all parts, one behind the other.
func inOrder(text string, parts []string) bool {
	for _, p := range parts {
		_, behind, ok := strings.Cut(text, p)
		if !ok {
			return false
		}
		text = behind
	}
	return true
}

// linesInOrder reports whether a text has all numbered lines, each once, in order.
func linesInOrder(text string, n int) bool {
	next := 1
	for _, word := range strings.Split(text, "Line ")[1:] {
		if len(word) < 5 || word[:5] != fmt.Sprintf("%05d", next) {
			return false
		}
		next++
	}
	return next == n+1
}
