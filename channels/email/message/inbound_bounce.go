package message

import (
	"regexp"
	"slices"
	"strings"

	"parley/channels"
)

// A bounce is a mail in which a server reports that it could not deliver a mail of ours, or not yet. Its machine-readable
// part is read in dsn.go; a bounce without one is read as prose in prose.go. This file finds out which of our messages
// the bounce is about, and creates a Status for each recipient. For example, a bounce that quotes
//
//	Message-ID: <c12.m34.0a1b2c3d@acme.test>   (a token: conversation 12, message 34)
//	Final-Recipient: rfc822; ann@customer.test
//	Status: 5.2.2
//
// becomes the Status "message 34 failed for ann@customer.test: The mailbox is full."

// bounceSubject matches the subjects of bounces.
var bounceSubject = regexp.MustCompile(`(?i)(?:undeliver|delivery (?:status|failure|has failed|delayed)|failure notice|` +
	`returned mail|mail delivery (?:failed|failure|system)|delivery incomplete|could not (?:be delivered|send message)|` +
	`error sending your (?:mail|message)|` +
	`unzustellbar|nicht zustellbar|non remis|no se puede entregar|não entregue|mancato recapito|onbestelbaar|` +
	`配信不能|配信できません|无法投递|未送达)`)

// maxSubjectBytes is how much of a subject is matched.
const maxSubjectBytes = 300

func isBounceSubject(subject string) bool {
	return bounceSubject.MatchString(subject[:min(len(subject), maxSubjectBytes)])
}

// maxReportBytes is how much of a report is searched for our tokens. It includes the headers of the returned mail, but
// not all of its files.
const maxReportBytes = 1 << 20

// bouncedMail is the mail that a report is about.
type bouncedMail struct {
	token    Token    // its conversation and message; the message is 0 if it is unknown
	external []string // its possible Message-IDs, the most reliable first
	isOurs   bool     // we sent it
}

// readBounce returns a status, with the text of the report, for each recipient for whom a mail of ours failed or is
// delayed. It returns nil if the mail is not a report about a mail that we may have sent; in then stays an automatic
// message. For a report or a spam complaint, it also sets the conversation of in.
func (d *Decoder) readBounce(root *Part, c *content, in *channels.Inbound, raw []byte) []channels.Inbound {
	isComplaint := in.Kind == channels.InboundMessage && in.Automatic == automaticComplaint
	if !isComplaint && !isReport(in, root.Header) {
		return nil
	}

	if !isComplaint {
		in.Automatic = automaticBounce
	}
	text := c.plainText()
	if strings.TrimSpace(text) == "" && len(c.segments) > 0 {
		text = StrippedHTML(c.segments[0].HTML)
	}

	text = text[:min(len(text), maxReportBytes)]
	raw = raw[:min(len(raw), maxReportBytes)]
	bounced := d.findBouncedMail(c, in, raw, text)
	in.Answers.References = mergeIDs(bounced.external, in.Answers.References)
	if in.Answers.Conversation == 0 {
		in.Answers.Conversation, in.Answers.Message = bounced.token.Conversation, bounced.token.Message
	}
	namesNoMail := c.returned == nil && len(bounced.external) == 0
	mayBeOurs := bounced.isOurs || namesNoMail && len(c.statuses) > 0
	if isComplaint || !mayBeOurs {
		return nil
	}

	reports := readStatuses(c.statuses, root.Header.Guess)
	addRepliesOfText(reports, text, root.Header.Guess)
	if len(reports) == 0 {
		reports = d.proseReports(root.Header, in.Subject, text, c)
	}
	reports = slices.DeleteFunc(reports, func(r report) bool {
		isUnknown := r.recipient == "" && !bounced.isOurs
		isToUs := d.ownAddress(r.recipient) != ""
		return isUnknown || isToUs
	})

	return statusesOf(*in, bounced, reports)
}

// isReport reports whether a mail is a bounce.
func isReport(in *channels.Inbound, h Header) bool {
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

// proseReports reads a bounce without a machine-readable part. Its text may mention addresses for which nothing failed,
// such as that of a help desk. So if it mentions any recipient of the returned mail, only such recipients count.
func (d *Decoder) proseReports(h Header, subject, text string, c *content) []report {
	failed := keysOf(d.withoutOwn(Addresses(h.Guess, h.All("X-Failed-Recipients")...)))
	p := readProse(text, failed, h.Guess)
	if c.returned != nil {
		returned := c.returned.Header
		addressees := Addresses(returned.Guess, slices.Concat(returned.All("To"), returned.All("Cc"))...)
		p.addressees = append(p.addressees, keysOf(addressees)...)
	}

	reports := slices.DeleteFunc(p.reports, func(r report) bool { return d.isOwnOrDaemon(r.recipient) })
	recipients := slices.Concat(failed, p.addressees)
	isRecipient := func(r report) bool { return slices.Contains(recipients, r.recipient) }
	if slices.ContainsFunc(reports, isRecipient) {
		reports = slices.DeleteFunc(reports, func(r report) bool { return !isRecipient(r) })
	}

	isFailure := isBounceSubject(subject) || c.returned != nil
	if len(reports) == 0 && isFailure {
		return []report{d.reportWithoutRecipient(h, text, p.addressees)}
	}
	return reports
}

// keysOf returns the addresses of parties.
func keysOf(list []channels.Party) (keys []string) {
	for _, p := range list {
		keys = append(keys, p.Key)
	}
	return keys
}

// isOwnOrDaemon reports whether an address in a report can't be a recipient: it is a Message-ID of ours, an address of
// ours, or that of the reporting server.
func (d *Decoder) isOwnOrDaemon(address string) bool {
	if _, isToken := Parse(d.keys, address); isToken {
		return true
	}
	return d.ownAddress(address) != "" || daemonAddress.MatchString(address)
}

// reportWithoutRecipient returns a report for a text that doesn't say for which recipient a mail failed. The recipient
// is taken from the server's reply or, if the mail had a single addressee, from addressees.
func (d *Decoder) reportWithoutRecipient(h Header, text string, addressees []string) report {
	reply := replyInText(text)
	r := report{action: "failed", status: enhancedCode.FindString(reply), reply: reply}
	if address := Address(mailInText.FindString(reply), h.Guess); d.ownAddress(address) == "" {
		r.recipient = address
	}

	if r.recipient == "" && len(addressees) == 1 {
		if only := addressees[0]; d.ownAddress(only) == "" {
			r.recipient = only
		}
	}

	if isAboutDelay(text) {
		r.action = "delayed"
	}

	return r
}

// idInText returns the value of the first Message-ID field in the text of a report, or "".
func idInText(text string) string {
	const field = "message-id:"
	for text != "" {
		line := strings.TrimLeft(text, " \t>")
		if len(line) >= len(field) && strings.EqualFold(line[:len(field)], field) {
			value := strings.TrimLeft(line[len(field):], " \t\r\n") // the value may be folded onto the next line
			if id, ok := idInBrackets(value); ok {
				return id
			}
		}
		_, text, _ = strings.Cut(line, "\n")
	}
	return ""
}

// idInBrackets returns the Message-ID at the beginning of a text: "1@acme.test" for "<1@acme.test> …".
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

// findBouncedMail finds the mail that a report is about. Mails that we send contain a token, which identifies
// conversation and message. findBouncedMail uses the first token it finds in
//
//  1. our own header in the returned mail, which survives if a server replaces the Message-ID
//  2. the Message-ID of the returned mail or, if that is unknown, the first id to which the report refers
//  3. the rest of the report
//
// A returned mail without a token is ours if it is from an address of ours.
func (d *Decoder) findBouncedMail(c *content, in *channels.Inbound, raw []byte, text string) bouncedMail {
	returnedIDs := messageIDsOf(c.returned, text)
	b := bouncedMail{external: mergeIDs(returnedIDs, in.Answers.References)}
	if token, ok := d.tokenInOurHeader(c.returned); ok {
		b.token, b.isOurs = token, true
		return b
	}
	if len(b.external) > 0 {
		if token, ok := Parse(d.keys, b.external[0]); ok {
			b.token, b.isOurs = token, true
			return b
		}
	}

	found := d.scanReport(c.returned, raw, text)
	if len(found) == 0 {
		b.isOurs = len(b.external) > 0 && d.isByUs(c.returned)
		return b
	}

	// These tokens may be from the References of the returned mail, which name earlier messages of the conversation.
	b.isOurs = true
	b.token = Token{Conversation: found[0].Conversation}
	messages := slices.DeleteFunc(slices.Clone(found), func(t Token) bool { return t.Message == 0 })
	if len(returnedIDs) == 0 && len(messages) == 1 {
		b.token = messages[0]
	}

	return b
}

// messageIDsOf returns the Message-ID of a returned mail or, failing that, the one in the text of the report. It
// returns nil if both have none.
func messageIDsOf(returned *Part, text string) []string {
	if returned != nil {
		if ids := MessageIDs(returned.Header.Raw("Message-Id"), returned.Header.Guess); len(ids) > 0 {
			return ids
		}
	}
	if id := idInText(text); id != "" {
		return []string{id}
	}
	return nil
}

// scanReport returns our tokens in the bytes of a report. If there are none, it looks in the decoded text, then in the
// decoded References of the returned mail.
func (d *Decoder) scanReport(returned *Part, raw []byte, text string) []Token {
	found := Scan(d.keys, raw)
	if len(found) == 0 {
		found = Scan(d.keys, []byte(text))
	}
	if len(found) == 0 && returned != nil {
		found = Scan(d.keys, []byte(strings.Join(returned.Header.All("References"), " ")))
	}
	return found
}

// isByUs reports whether a returned mail is from an address of the account.
func (d *Decoder) isByUs(returned *Part) bool {
	if returned == nil {
		return false
	}
	authors := Addresses(returned.Header.Guess, returned.Header.All("From")...)
	return len(authors) > 0 && d.ownAddress(authors[0].Key) != ""
}

// tokenInOurHeader returns the token in the header mailid.MessageHeader of a returned mail. ok is false if there is no
// valid token of a message.
func (d *Decoder) tokenInOurHeader(returned *Part) (token Token, ok bool) {
	if returned == nil {
		return token, false
	}
	token, ok = Parse(d.keys, Clean(returned.Header.Raw(MessageHeader)))
	return token, ok && token.Message != 0
}

// mergeIDs returns ids followed by the new ones in more, without duplicates.
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
