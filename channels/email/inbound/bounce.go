package inbound

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"parley/channels"
	"parley/channels/email/bodytext"
	"parley/channels/email/mailid"
	"parley/channels/email/rawmail"
	"parley/channels/email/smtpcode"
)

// bounceSubject matches the subjects of delivery reports, for reports that no header marks as such.
var bounceSubject = regexp.MustCompile(`(?i)(?:undeliver|delivery (?:status|failure|has failed|delayed)|failure notice|` +
	`returned mail|mail delivery (?:failed|failure|system)|delivery incomplete|could not (?:be delivered|send message)|error sending your (?:mail|message)|` +
	`unzustellbar|nicht zustellbar|non remis|no se puede entregar|não entregue|mancato recapito|onbestelbaar|` +
	`配信不能|配信できません|无法投递|未送达)`)

// isBounceSubject reports whether a subject is that of a delivery report.
func isBounceSubject(subject string) bool {
	return bounceSubject.MatchString(subject[:min(len(subject), 300)])
}

// maxReportBytes is how much of a report is searched for the mail that it is about. This is enough for the
// headers of the returned mail. The files behind them may be longer.
const maxReportBytes = 1 << 20

// bouncedMail is the mail that a report is about.
type bouncedMail struct {
	token    mailid.Token // names conversation and message; the message is 0 if it isn't known
	external []string     // Message-IDs by which it can be found, the most reliable first
	isOurs   bool         // we have sent it
}

// readBounce reads a report on a mail of ours. It returns a status with the report's text for each recipient
// to whom the mail could not be delivered, or not yet. It returns nil if the mail is no report, or a report on
// a mail that isn't ours: then it stays an automatic message.
func (d *Decoder) readBounce(root *rawmail.Part, c *content, in *channels.Inbound, raw []byte) []channels.Inbound {
	if !isReport(in, root.Header) {
		return nil
	}
	in.Automatic = "bounce"
	text := c.plainText()
	if strings.TrimSpace(text) == "" && len(c.segments) > 0 {
		text = bodytext.StrippedHTML(c.segments[0].HTML)
	}
	text = text[:min(len(text), maxReportBytes)]
	raw = raw[:min(len(raw), maxReportBytes)]
	b := d.findBouncedMail(c, in, raw, text)
	in.Answers.References = mergeIDs(b.external, in.Answers.References)
	if in.Answers.Conversation == 0 {
		in.Answers.Conversation, in.Answers.Message = b.token.Conversation, b.token.Message
	}
	if !b.isOurs {
		return nil
	}
	reports := readStatuses(c.statuses, root.Header.Guess)
	if len(reports) == 0 {
		reports = d.proseReports(root.Header, in.Subject, text, c)
	}
	return statusesOf(*in, b, reports)
}

// isReport reports whether a mail says that another one could not be delivered.
func isReport(in *channels.Inbound, h rawmail.Header) bool {
	switch {
	case in.Kind != channels.InboundMessage:
		return false
	case in.Automatic == "", in.Automatic == "receipt", in.Automatic == "feedback-report":
		return false
	case in.Automatic == "bounce":
		return true
	}
	return hasNullSender(h) && isBounceSubject(in.Subject)
}

// proseReports reads a report that has no machine-readable part. Its text may also name addresses at which
// nothing failed, such as that of a hotline. So if the text names an address to which the mail was written,
// only such addresses count.
func (d *Decoder) proseReports(h rawmail.Header, subject, text string, c *content) []report {
	keys := func(list []channels.Party) (out []string) {
		for _, p := range list {
			out = append(out, p.Key)
		}
		return out
	}
	failed := keys(d.withoutOwn(rawmail.Addresses(h.Guess, h.All("X-Failed-Recipients")...)))
	p := readProse(text, failed, h.Guess)
	if c.returned != nil {
		back := c.returned.Header
		p.writtenTo = append(p.writtenTo, keys(rawmail.Addresses(back.Guess, slices.Concat(back.All("To"), back.All("Cc"))...))...)
	}
	kept := slices.DeleteFunc(p.reports, func(r report) bool {
		_, _, isToken := mailid.Parse(d.keys, r.recipient)
		return isToken || d.ownAddress(r.recipient) != "" || daemonAddress.MatchString(r.recipient)
	})
	known := func(r report) bool {
		return slices.Contains(failed, r.recipient) || slices.Contains(p.writtenTo, r.recipient)
	}
	if slices.ContainsFunc(kept, known) {
		kept = slices.DeleteFunc(kept, func(r report) bool { return !known(r) })
	}
	if len(kept) == 0 && (isBounceSubject(subject) || c.returned != nil) {
		kept = append(kept, d.reportWithoutName(h, text, p.writtenTo)) // the mail failed; the text doesn't say at which recipient
	}
	return kept
}

// reportWithoutName returns a report for a text that says that a mail failed, but not at which recipient.
// writtenTo has the addresses to which the mail was written.
func (d *Decoder) reportWithoutName(h rawmail.Header, text string, writtenTo []string) report {
	reply := replyInText(text)
	r := report{action: "failed", status: enhancedCode.FindString(reply), reply: reply}
	if a := rawmail.Address(bodytext.AddressInText(reply), h.Guess); d.ownAddress(a) == "" {
		r.recipient = a
	}
	if r.recipient == "" && len(writtenTo) == 1 && d.ownAddress(writtenTo[0]) == "" {
		r.recipient = writtenTo[0]
	}
	if saysDelayed(text) {
		r.action = "delayed"
	}
	return r
}

// idInText returns the Message-ID of a mail that a report returns as text, or "" if there is none.
func idInText(text string) string {
	const field = "message-id:"
	const maxID = 400 // bytes
	for text != "" {
		line := strings.TrimLeft(text, " \t>")
		if len(line) >= len(field) && strings.EqualFold(line[:len(field)], field) {
			rest, ok := strings.CutPrefix(strings.TrimLeft(line[len(field):], " \t\r\n"), "<") // perhaps folded
			id, _, closed := strings.Cut(rest[:min(len(rest), maxID+1)], ">")
			if ok && closed && len(id) >= 3 && !strings.ContainsAny(id, "< \t\r\n") {
				return id
			}
		}
		_, text, _ = strings.Cut(line, "\n")
	}
	return ""
}

// findBouncedMail finds the mail that a report is about: by the Message-ID of the returned mail, by the ids
// that the report answers, or by our token anywhere in the report. Tokens in the References of the
// returned mail belong to earlier messages: they only show the conversation.
func (d *Decoder) findBouncedMail(c *content, in *channels.Inbound, raw []byte, text string) bouncedMail {
	var b bouncedMail
	var from string
	if c.returned != nil {
		b.external = rawmail.MessageIDs(c.returned.Header.Raw("Message-Id"), c.returned.Header.Guess)
		if list := rawmail.Addresses(c.returned.Header.Guess, c.returned.Header.All("From")...); len(list) > 0 {
			from = list[0].Key
		}
	}
	if len(b.external) == 0 {
		if id := idInText(text); id != "" {
			b.external = []string{id}
		}
	}
	hasMessageID := len(b.external) > 0
	b.external = mergeIDs(b.external, in.Answers.References)
	if len(b.external) > 0 {
		if conv, msg, ok := mailid.Parse(d.keys, b.external[0]); ok {
			b.token, b.isOurs = mailid.Token{Conversation: conv, Message: msg}, true
			return b
		}
	}
	found := mailid.Scan(d.keys, raw)
	if len(found) == 0 {
		found = mailid.Scan(d.keys, []byte(text))
	}
	if len(found) == 0 && c.returned != nil {
		found = mailid.Scan(d.keys, []byte(strings.Join(c.returned.Header.All("References"), " ")))
	}
	messages := slices.DeleteFunc(slices.Clone(found), func(t mailid.Token) bool { return t.Message == 0 })
	switch {
	case len(found) == 0:
		b.isOurs = len(b.external) > 0 && from != "" && d.ownAddress(from) != ""
	case !hasMessageID && len(messages) == 1:
		b.token = messages[0]
		b.isOurs = true
	default:
		b.token = mailid.Token{Conversation: found[0].Conversation}
		b.isOurs = true
	}
	return b
}

// mergeIDs returns ids, followed by those of more that are not among them.
func mergeIDs(ids, more []string) []string {
	out := append([]string(nil), ids...)
	seen := map[string]bool{}
	for _, id := range ids {
		seen[id] = true
	}
	for _, id := range more {
		if !seen[id] {
			seen[id] = true
			out = append(out, id)
		}
	}
	return out
}

// statusesOf returns one InboundStatus for each recipient at whom the mail failed or is delayed.
func statusesOf(in channels.Inbound, b bouncedMail, reports []report) []channels.Inbound {
	var out []channels.Inbound
	seen := map[string]bool{}
	for _, r := range reports {
		if r.action != "failed" && r.action != "delayed" || seen[r.recipient+r.action] {
			continue
		}
		seen[r.recipient+r.action] = true
		s := &channels.Status{
			State:     channels.StateFailed,
			MessageID: b.token.Message,
			External:  b.external,
			Recipient: r.recipient,
			Reason:    r.reason(),
		}
		if code := r.code(); code != 0 {
			v := smtpcode.Classify(smtpcode.StepRcpt, code, r.status+" "+r.reply, smtpcode.FullMailboxWait)
			if v.Class != channels.Ambiguous {
				s.Class = v.Class
			}
		}
		if r.action == "delayed" {
			// The lowest state changes nothing if a higher one is known already.
			s.State = channels.StateAccepted
			s.Delayed = true
			s.Class = channels.Retry
		}
		one := in
		one.Kind, one.Status = channels.InboundStatus, s
		if len(out) > 0 {
			one.ExternalID = fmt.Sprintf("%s#%d", in.ExternalID, len(out)+1)
		}
		out = append(out, one)
	}
	return out
}

// maxReasonRunes is how much of a server's reply is shown.
const maxReasonRunes = 400

// reason says for people why a mail did not arrive. It goes by the enhanced status code without its
// class: "2.2" of "5.2.2" is "mailbox full".
// Source: RFC 3463 section 3; the IANA registry of SMTP enhanced status codes.
func (r report) reason() string {
	what := "The mail could not be delivered."
	_, detail, _ := strings.Cut(cmp.Or(r.status, enhancedCode.FindString(r.reply)), ".")
	switch {
	case r.action == "delayed":
		what = "Not delivered yet: the mail server is still trying."
	case detail == "2.2":
		what = "The mailbox is full."
	case detail == "3.4" || detail == "2.3" || r.code() == 552:
		what = "The mail is too large for the receiving server."
	case strings.HasPrefix(detail, "1."):
		what = "The address does not exist or is refused."
	case strings.HasPrefix(detail, "2."):
		what = "The mailbox does not take mail."
	case detail == "4.6" || detail == "4.14":
		what = "Mail to this address goes round in circles."
	case strings.HasPrefix(detail, "4."):
		what = "The receiving mail server could not be reached."
	case strings.HasPrefix(detail, "7."):
		what = "The receiving server refused the mail."
	}
	reply := rawmail.CleanLine(r.reply)
	switch {
	case reply == "" && r.status != "":
		return strings.TrimSuffix(what, ".") + " (" + r.status + ")."
	case reply == "":
		return what
	}
	if runes := []rune(reply); len(runes) > maxReasonRunes {
		reply = string(runes[:maxReasonRunes]) + "…"
	}
	return what + " The server said: " + reply
}
