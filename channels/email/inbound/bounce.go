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

// A bounce is a server's report that it could not deliver a mail of ours, or not yet. Servers write it in a form for programs (dsn.go) or
// only as prose (prose.go). This file finds out which of our messages a bounce is about, and turns it into a Status for each recipient.

// bounceSubject matches the subjects of bounces, for those that no header marks as such.
var bounceSubject = regexp.MustCompile(`(?i)(?:undeliver|delivery (?:status|failure|has failed|delayed)|failure notice|` +
	`returned mail|mail delivery (?:failed|failure|system)|delivery incomplete|could not (?:be delivered|send message)|error sending your (?:mail|message)|` +
	`unzustellbar|nicht zustellbar|non remis|no se puede entregar|não entregue|mancato recapito|onbestelbaar|` +
	`配信不能|配信できません|无法投递|未送达)`)

// maxSubjectBytes is how much of a subject is matched, because regular expressions are slow.
const maxSubjectBytes = 300

// isBounceSubject reports whether a subject is that of a delivery report.
func isBounceSubject(subject string) bool {
	return bounceSubject.MatchString(subject[:min(len(subject), maxSubjectBytes)])
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

// readBounce returns a status with the report's text for each recipient to whom a mail of ours could not be delivered, or not yet. It
// returns nil if the mail is not a report on a mail that we may have sent: then it stays an automatic message. For a report or a
// complaint, it sets the conversation in any case.
func (d *Decoder) readBounce(root *rawmail.Part, c *content, in *channels.Inbound, raw []byte) []channels.Inbound {
	isComplaint := in.Kind == channels.InboundMessage && in.Automatic == automaticComplaint
	if !isComplaint && !isReport(in, root.Header) {
		return nil
	}

	if !isComplaint {
		in.Automatic = automaticBounce
	}
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
	namesNoMail := c.returned == nil && len(b.external) == 0
	mayBeOurs := b.isOurs || namesNoMail && len(c.statuses) > 0
	if isComplaint || !mayBeOurs {
		return nil
	}

	reports := readStatuses(c.statuses, root.Header.Guess)
	addRepliesOfText(reports, text, root.Header.Guess)
	if len(reports) == 0 {
		reports = d.proseReports(root.Header, in.Subject, text, c)
	}
	reports = slices.DeleteFunc(reports, func(r report) bool {
		isOfNobody := r.recipient == "" && !b.isOurs
		return isOfNobody || d.ownAddress(r.recipient) != "" // a mail to us failed
	})

	return statusesOf(*in, b, reports)
}

// isReport reports whether a mail says that another one could not be delivered.
func isReport(in *channels.Inbound, h rawmail.Header) bool {
	if in.Kind != channels.InboundMessage {
		return false
	}
	switch in.Automatic {
	case "", automaticReceipt, automaticComplaint, automaticDomainReport:
		return false
	case automaticBounce:
		return true
	}
	return hasNullSender(h) && isBounceSubject(in.Subject)
}

// proseReports reads a report that has no part for programs. Its text may also name addresses at which nothing failed, such as that of a
// hotline. So if it names an address to which the mail was written, only such addresses count.
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
		return d.isOwnOrDaemon(r.recipient)
	})

	isRecipient := func(r report) bool { // of the mail that the report is about
		return slices.Contains(failed, r.recipient) || slices.Contains(p.writtenTo, r.recipient)
	}
	if slices.ContainsFunc(kept, isRecipient) {
		kept = slices.DeleteFunc(kept, func(r report) bool { return !isRecipient(r) })
	}
	if len(kept) > 0 {
		return kept
	}
	if isBounceSubject(subject) || c.returned != nil {
		kept = append(kept, d.reportWithoutName(h, text, p.writtenTo)) // the mail failed; the text doesn't say at which recipient
	}

	return kept
}

// isOwnOrDaemon reports whether an address in a report is our Message-ID, our own address, or that of the
// program that sent the report.
func (d *Decoder) isOwnOrDaemon(address string) bool {
	if _, isToken := mailid.Parse(d.keys, address); isToken {
		return true
	}
	return d.ownAddress(address) != "" || daemonAddress.MatchString(address)
}

// reportWithoutName returns a report for a text that says that a mail failed, but not at which recipient.
// writtenTo has the addresses to which the mail was written.
func (d *Decoder) reportWithoutName(h rawmail.Header, text string, writtenTo []string) report {
	reply := replyInText(text)
	r := report{action: "failed", status: enhancedCode.FindString(reply), reply: reply}
	if a := rawmail.Address(bodytext.AddressInText(reply), h.Guess); d.ownAddress(a) == "" {
		r.recipient = a
	}

	if r.recipient == "" && len(writtenTo) == 1 {
		if only := writtenTo[0]; d.ownAddress(only) == "" {
			r.recipient = only
		}
	}

	if isAboutDelay(text) {
		r.action = "delayed"
	}

	return r
}

// idInText returns the Message-ID of a mail that a report returns as text, or "" if there is none.
func idInText(text string) string {
	const field = "message-id:"
	for text != "" {
		line := strings.TrimLeft(text, " \t>")
		if len(line) >= len(field) && strings.EqualFold(line[:len(field)], field) {
			value := strings.TrimLeft(line[len(field):], " \t\r\n") // perhaps folded
			if id, ok := idInBrackets(value); ok {
				return id
			}
		}
		_, behind, _ := strings.Cut(line, "\n")
		text = behind
	}
	return ""
}

// idInBrackets returns the Message-ID with which a text begins: <1@acme.test>. ok is false if there is none.
func idInBrackets(text string) (id string, ok bool) {
	const minID, maxID = len("a@b"), 400 // bytes
	rest, opens := strings.CutPrefix(text, "<")
	id, _, closes := strings.Cut(rest[:min(len(rest), maxID+1)], ">")
	if !opens || !closes {
		return "", false
	}
	if len(id) < minID || strings.ContainsAny(id, "< \t\r\n") {
		return "", false
	}
	return id, true
}

// findBouncedMail finds the mail that a report is about. It looks for our token in these places, and the first one decides:
//
//  1. our header of the returned mail, which it has even if a server replaced its Message-ID
//  2. the Message-ID of the returned mail or, if that isn't known, the first id that the report answers
//  3. anywhere in the report
//
// Without a token, a mail is ours if its author is.
func (d *Decoder) findBouncedMail(c *content, in *channels.Inbound, raw []byte, text string) bouncedMail {
	returnedIDs := messageIDsOf(c.returned, text)
	b := bouncedMail{external: mergeIDs(returnedIDs, in.Answers.References)}
	if token, ok := d.tokenInOurHeader(c.returned); ok {
		b.token, b.isOurs = token, true
		return b
	}
	if len(b.external) > 0 {
		if token, ok := mailid.Parse(d.keys, b.external[0]); ok {
			b.token, b.isOurs = token, true
			return b
		}
	}

	found := d.scanReport(c.returned, raw, text)
	if len(found) == 0 {
		b.isOurs = len(b.external) > 0 && d.isByUs(c.returned)
		return b
	}

	// Tokens in the References of the returned mail belong to earlier messages: they only show the conversation.
	b.isOurs = true
	b.token = mailid.Token{Conversation: found[0].Conversation}
	messages := slices.DeleteFunc(slices.Clone(found), func(t mailid.Token) bool { return t.Message == 0 })
	if len(returnedIDs) == 0 && len(messages) == 1 {
		b.token = messages[0]
	}

	return b
}

// messageIDsOf returns the Message-ID of a returned mail, or the one that the report's text shows. There may be none.
func messageIDsOf(returned *rawmail.Part, text string) []string {
	if returned != nil {
		if ids := rawmail.MessageIDs(returned.Header.Raw("Message-Id"), returned.Header.Guess); len(ids) > 0 {
			return ids
		}
	}
	if id := idInText(text); id != "" {
		return []string{id}
	}
	return nil
}

// scanReport returns our tokens in the report's bytes, else in its text, else in the References of the returned mail.
func (d *Decoder) scanReport(returned *rawmail.Part, raw []byte, text string) []mailid.Token {
	found := mailid.Scan(d.keys, raw)
	if len(found) == 0 {
		found = mailid.Scan(d.keys, []byte(text))
	}
	if len(found) == 0 && returned != nil {
		found = mailid.Scan(d.keys, []byte(strings.Join(returned.Header.All("References"), " ")))
	}
	return found
}

// isByUs reports whether the first author of a returned mail is an address of the account.
func (d *Decoder) isByUs(returned *rawmail.Part) bool {
	if returned == nil {
		return false
	}
	authors := rawmail.Addresses(returned.Header.Guess, returned.Header.All("From")...)
	return len(authors) > 0 && d.ownAddress(authors[0].Key) != ""
}

// tokenInOurHeader returns our token in the header mailid.MessageHeader of a returned mail. ok is false if it names no message of ours.
func (d *Decoder) tokenInOurHeader(returned *rawmail.Part) (token mailid.Token, ok bool) {
	if returned == nil {
		return token, false
	}
	token, ok = mailid.Parse(d.keys, mailid.Clean(returned.Header.Raw(mailid.MessageHeader)))
	return token, ok && token.Message != 0
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
		if r.action != "failed" && r.action != "delayed" {
			continue
		}
		if seen[r.recipient+r.action] {
			continue
		}

		seen[r.recipient+r.action] = true
		s := &channels.Status{
			State:     channels.StateFailed,
			MessageID: b.token.Message,
			External:  b.external,
			Recipient: r.recipient,
			Reason:    r.explainToPeople(),
		}
		if code := r.replyCode(); code != 0 {
			v := smtpcode.Classify(smtpcode.StepReport, code, r.status+" "+r.reply, smtpcode.FullMailboxWait)
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

// explainToPeople says why a mail did not arrive, with the server's own words.
func (r report) explainToPeople() string {
	what := r.describeFailure()
	reply := rawmail.CleanLine(r.reply)
	if reply == "" {
		if r.status == "" {
			return what
		}
		return strings.TrimSuffix(what, ".") + " (" + r.status + ")."
	}
	if runes := []rune(reply); len(runes) > maxReasonRunes {
		reply = string(runes[:maxReasonRunes]) + "…"
	}
	return what + " The server said: " + reply
}

// describeFailure returns what went wrong as a sentence, by the enhanced status code without its class: "2.2" of "5.2.2" is "mailbox
// full".
// Source: RFC 3463 section 3; the IANA registry of SMTP enhanced status codes.
func (r report) describeFailure() string {
	if r.action == "delayed" {
		return "Not delivered yet: the mail server is still trying."
	}

	_, detail, _ := strings.Cut(cmp.Or(r.status, enhancedCode.FindString(r.reply)), ".")
	isTooLarge := detail == "3.4" || detail == "2.3"
	isUnknown := strings.Contains(strings.ToLower(r.reply), "recipient address rejected") // by Microsoft, with 5.4.1
	switch {
	case detail == "2.2" || smtpcode.SaysFull(r.replyCode(), r.status+" "+r.reply):
		return "The mailbox is full."
	case isTooLarge || r.replyCode() == codeTooLarge:
		return "The mail is too large for the receiving server."
	case detail == "1.7" || detail == "1.8": // the sender's address
		return "The receiving server refused the mail."
	case strings.HasPrefix(detail, "1.") || detail == "4.1" && isUnknown:
		return "The address does not exist or is refused."
	case strings.HasPrefix(detail, "2."):
		return "The mailbox does not take mail."
	case detail == "4.6" || detail == "4.14":
		return "Mail to this address goes round in circles."
	case strings.HasPrefix(detail, "4."):
		return "The receiving mail server could not be reached."
	case strings.HasPrefix(detail, "7."):
		return "The receiving server refused the mail."
	}

	return "The mail could not be delivered."
}
