package inbound

import (
	"regexp"
	"slices"
	"strings"

	"parley/channels"
	"parley/channels/email/bodytext"
	"parley/channels/email/mailid"
	"parley/channels/email/rawmail"
)

// A bounce is a server's report that it could not deliver a mail of ours, or not yet. Servers write it in a form for programs (dsn.go) or
// only as prose (prose.go). This file finds out which of our messages a bounce is about, and turns it into a Status for each recipient.

// bounceSubject matches the subjects of bounces, for those that no header marks as such.
var bounceSubject = regexp.MustCompile(`(?i)(?:undeliver|delivery (?:status|failure|has failed|delayed)|failure notice|` +
	`returned mail|mail delivery (?:failed|failure|system)|delivery incomplete|could not (?:be delivered|send message)|` +
	`error sending your (?:mail|message)|` +
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
	failed := keysOf(d.withoutOwn(rawmail.Addresses(h.Guess, h.All("X-Failed-Recipients")...)))
	p := readProse(text, failed, h.Guess)
	if c.returned != nil {
		back := c.returned.Header
		p.writtenTo = append(p.writtenTo, keysOf(rawmail.Addresses(back.Guess, slices.Concat(back.All("To"), back.All("Cc"))...))...)
	}

	reports := slices.DeleteFunc(p.reports, func(r report) bool { return d.isOwnOrDaemon(r.recipient) })
	recipients := slices.Concat(failed, p.writtenTo)
	isOther := func(r report) bool { return !slices.Contains(recipients, r.recipient) }
	if !areAll(reports, isOther) {
		reports = slices.DeleteFunc(reports, isOther)
	}

	isFailure := isBounceSubject(subject) || c.returned != nil
	if len(reports) == 0 && isFailure {
		return []report{d.reportWithoutName(h, text, p.writtenTo)}
	}
	return reports
}

// areAll reports whether all reports have a property.
func areAll(list []report, has func(report) bool) bool {
	return !slices.ContainsFunc(list, func(r report) bool { return !has(r) })
}

// keysOf returns the addresses of parties.
func keysOf(list []channels.Party) (keys []string) {
	for _, p := range list {
		keys = append(keys, p.Key)
	}
	return keys
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
