package torture

import (
	"context"
	"net/http"
	"slices"

	"parley/channels/email/mailfake"
)

// This file reads the mail that customers of a test run received, and makes the emulated mail server fail.

// AutomaticReply is what the mailbox answers by itself, to a customer's first mail.
const AutomaticReply = "Thank you, we have got it."

// MarkersOf returns the markers in everything that a customer can read in a mail: subject, body and attachments. A
// marker is a unique word, such as "outbound-c017-5", that identifies a message of the run. Since a mail program shows
// either the text or the HTML, a marker that is in both counts once.
func MarkersOf(m mailfake.Received) []Marker {
	body, html := MarkersIn(m.Text), MarkersIn(m.HTML)
	for _, found := range Distinct(html) {
		for range Count(html, found) - Count(body, found) {
			body = append(body, found)
		}
	}
	all := append(MarkersIn(m.Subject), body...)
	for _, a := range m.Attachments {
		all = append(all, MarkersIn(a.Name+"\n"+string(a.Content))...)
	}
	return all
}

// EndWordsOf returns the end words (see checker.EndWordsIn) that each form of a mail, text and HTML, contains.
func EndWordsOf(m mailfake.Received) []string {
	body, html := EndWordsIn(m.Text), EndWordsIn(m.HTML)
	if m.HTML == "" {
		return body
	}
	return slices.DeleteFunc(html, func(end string) bool { return m.Text != "" && !slices.Contains(body, end) })
}

// HasReceived reports whether a customer has received a reply, by mail or by phone.
func (c Client) HasReceived(ctx context.Context, kind ChatKind, conv int, reply Marker) (bool, error) {
	if kind == ByMail {
		inbox, err := c.ReadFolder(ctx, CustomerAddress(conv), "INBOX")
		return slices.ContainsFunc(inbox, func(m mailfake.Received) bool { return slices.Contains(MarkersOf(m), reply) }), err
	}
	phone, err := c.ReadPhone(ctx, kind, conv)
	return slices.ContainsFunc(phone.Received, func(m phoneMessage) bool { return slices.Contains(MarkersIn(m.Text), reply) }), err
}

// mailFaults returns the faults of IMAP and SMTP, with the probability of each.
func mailFaults() []mailfake.Fault {
	const often, seldom = 0.04, 0.02
	return []mailfake.Fault{
		{Op: mailfake.OpDATA, Action: mailfake.ActionDropAfter, Times: mailfake.Forever, Probability: often},
		{Op: mailfake.OpDATA, Action: mailfake.ActionDropBefore, Times: mailfake.Forever, Probability: seldom, Bytes: 100},
		{Op: mailfake.OpDATA, Action: mailfake.ActionReply, Times: mailfake.Forever, Probability: seldom},
		{Op: mailfake.OpSMTPConnect, Action: mailfake.ActionDropBefore, Times: mailfake.Forever, Probability: seldom},
		{Op: mailfake.OpFETCH, Action: mailfake.ActionCut, Times: mailfake.Forever, Probability: often},
		{Op: mailfake.OpSELECT, Action: mailfake.ActionDropBefore, Times: mailfake.Forever, Probability: often},
		{Op: mailfake.OpSEARCH, Action: mailfake.ActionDropBefore, Times: mailfake.Forever, Probability: often},
		{Op: mailfake.OpIDLE, Action: mailfake.ActionBye, Times: mailfake.Forever, Probability: often},
		{Op: mailfake.OpAPPEND, Action: mailfake.ActionDropAfter, Times: mailfake.Forever, Probability: often},
	}
}

// ArmFaults arms the faults of all providers. They occur by chance until ClearFaults is called.
func (c Client) ArmFaults(ctx context.Context) error {
	if err := c.chat().armFaults(ctx); err != nil {
		return err
	}

	for _, f := range mailFaults() {
		if err := c.Call(ctx, http.MethodPost, c.Mail+"/_fake/mail/faults", f, nil); err != nil {
			return err
		}
	}

	for _, path := range c.optionalFaultPaths() {
		if err := c.Call(ctx, http.MethodPost, c.Mail+path, nil, nil); err != nil {
			return err
		}
	}

	return nil
}
