package message

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

// Many servers report in prose that a mail could not be delivered (a bounce). This file finds the recipients in the
// prose, and the reply with which a server refused the mail for each of them. For example, from
//
//	I'm sorry to have to inform you that your message could not be delivered:
//	<ann@customer.test>:
//	550 5.1.1 User unknown
//
//	--- Below this line is a copy of the message.
//	To: ann@customer.test
//	Subject: Invoice
//
// it extracts the recipient ann@customer.test with the reply "550 5.1.1 User unknown". The rest is the returned mail,
// whose addresses must not be taken for recipients that failed.

// recipientLine matches the first line of a recipient's paragraph, as qmail, Postfix and others write it.
// Groups 1 to 3 are the address, in one of three forms; group 4 is the beginning of the server's reply.
var recipientLine = regexp.MustCompile(`^[\s*•-]*(?:` +
	`<([^<>\s@]+@[^<>\s]+)>(?:<mailto:[^>]*>)?\s*[:.]?|` + // <ann@acme.test>:
	`([^\s<>@:()]+@[^\s<>:()]+)(?:<mailto:[^>]*>)?(?:\s*:\s|\s*:?\s*$| on )|` + // ann@acme.test:
	`[^<>@]{0,80}[(<]([^<>\s@()]+@[^<>\s()]+)[)>]\s*:?\s*$` + // Ann Lee (ann@acme.test):
	`)\s*(.*)$`)

// splitRecipientLine returns the parts of a line that matches recipientLine. ok is false for other lines.
func splitRecipientLine(line string) (address, serverReply string, ok bool) {
	if !strings.Contains(line, "@") || len(line) > maxProseLineBytes {
		return "", "", false
	}
	groups := recipientLine.FindStringSubmatch(line)
	if groups == nil {
		return "", "", false
	}
	return cmp.Or(groups[1], groups[2], groups[3]), strings.TrimSpace(groups[4]), true
}

// copyLine matches the line above the returned mail.
var copyLine = regexp.MustCompile(`(?i)^[\s\-*=]*(?:below this line is a copy|below is a copy of|this is a copy of the message|` +
	`original message(?: headers?| follows|[\s\-*=]*$)|the original message|the header of the original message|returned message|` +
	`ursprüngliche nachrichtenkopfzeilen|original-nachrichtenkopf|diagnostic information for administrators)`)

// Limits for the text of one bounce.
const (
	maxProseLines     = 300
	maxProseBytes     = 30_000
	maxProseLineBytes = 2000 // of a line with a recipient
	maxReplyBytes     = 500  // no more lines are added to a longer reply
	maxFieldBytes     = 60   // of the name of a header field, with its colon
)

// prose reads the text of a bounce line by line.
type prose struct {
	guess          *Guesser
	reports        []report
	reportOpen     bool     // the next line may belong to the last report
	inReturnedMail bool     // the next line belongs to the returned mail
	currentField   string   // the header field that the next line may continue, in lower case; "" outside of a header
	addressees     []string // the addresses in To and Cc of the returned mail
}

// readProse reads the text of a bounce. failedRecipients are the recipients named in the headers of the bounce, which
// are used if the text names none.
func readProse(text string, failedRecipients []string, guess *Guesser) prose {
	p := prose{guess: guess}
	text = text[:min(len(text), maxProseBytes)]
	for n, line := range strings.Split(text, "\n") {
		if n > maxProseLines || len(p.reports) == maxReports {
			break
		}
		p.readLine(line)
	}

	p.reports = slices.DeleteFunc(p.reports, func(r report) bool {
		isUncertain := r.reply == "" && len(failedRecipients) > 0 // the headers are more reliable
		return r.recipient == "" || isUncertain
	})
	if len(p.reports) == 0 {
		for _, recipient := range failedRecipients {
			p.reports = append(p.reports, report{recipient: recipient, reply: replyInText(text)})
		}
	}

	p.setActions(text)
	return p
}

// readLine reads the next line.
func (p *prose) readLine(line string) {
	if copyLine.MatchString(line) {
		p.inReturnedMail = true
		p.reportOpen = false
		return
	}

	// The first line of s/qmail's reply looks like a header field: "From: <…> RCPT: <…> refused:"
	startsReply := p.reportOpen && p.lastReport().reply == "" && strings.Contains(line, "> RCPT: <")
	if !startsReply && p.consumeField(line) {
		p.reportOpen = false
		return
	}
	if p.inReturnedMail {
		return
	}

	if address, serverReply, ok := splitRecipientLine(line); ok {
		recipient := Address(address, p.guess)
		repeatsRecipient := p.reportOpen && p.lastReport().recipient == recipient // within the server's reply
		if !repeatsRecipient {
			p.reports = append(p.reports, report{recipient: recipient, reply: serverReply})
			p.reportOpen = true
			return
		}
	}

	if p.reportOpen {
		p.continueReply(strings.TrimSpace(line))
	}
}

// continueReply adds a line to the reply of the last report. An empty line ends the reply.
func (p *prose) continueReply(line string) {
	last := p.lastReport()
	switch {
	case line == "":
		p.reportOpen = last.reply == ""
	case len(last.reply) < maxReplyBytes:
		last.reply = strings.TrimSpace(last.reply + " " + line)
	}
}

// lastReport returns the last report, which must exist.
func (p *prose) lastReport() *report { return &p.reports[len(p.reports)-1] }

// consumeField reads a line of the returned mail's header, and adds the addresses in To and Cc to addressees. It returns
// false for any other line.
func (p *prose) consumeField(line string) bool {
	text := strings.TrimLeft(line, " \t>|")
	name, _, hasColon := strings.Cut(text[:min(len(text), maxFieldBytes)], ":")
	beginsField := hasColon && isMailField(strings.ToLower(name))
	isIndented := strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t")
	continuesField := isIndented && text != "" // if there is one
	switch {
	case beginsField:
		p.currentField = strings.ToLower(name)
		text = text[len(name)+1:]
	case !continuesField:
		p.currentField = ""
	}

	switch p.currentField {
	case "":
		return false
	case "to", "cc":
		p.addressees = append(p.addressees, keysOf(Addresses(p.guess, text))...)
	}
	return true
}

// isMailField reports whether mails have a header field with this name, which must be in lower case.
func isMailField(name string) bool {
	switch name {
	case "received", "return-path", "delivered-to", "message-id", "in-reply-to", "references", "from", "sender", "reply-to", "to", "cc",
		"date", "sent",
		"subject", "mime-version", "user-agent", "dkim-signature", "content-type", "content-transfer-encoding", "thread-topic",
		"thread-index",
		"auto-submitted", "authentication-results":
		return true
	}
	return strings.HasPrefix(name, "x-") && !strings.Contains(name, " ")
}

// setActions sets the status and the action of each report. If none of the replies has a status code, it uses the first
// line of the text that has one. If there is only one report, that line may also become its reply.
func (p *prose) setActions(text string) {
	isDelayed := isAboutDelay(text)
	codeLine := ""
	if !slices.ContainsFunc(p.reports, func(r report) bool { return enhancedCode.MatchString(r.reply) }) {
		codeLine = strings.TrimLeft(replyInText(text), "- ")
	}
	fallback := enhancedCode.FindString(codeLine)
	isReply := fallback != "" && (strings.HasPrefix(codeLine, fallback) || smtpReply.MatchString(codeLine))
	for i := range p.reports {
		r := &p.reports[i]
		r.status = cmp.Or(enhancedCode.FindString(r.reply), fallback)
		if isReply && len(p.reports) == 1 && !smtpReply.MatchString(r.reply) {
			r.reply = codeLine
		}
		r.action = "failed"
		if isDelayed && !strings.HasPrefix(r.status, "5") {
			r.action = "delayed"
		}
	}
}

// isAboutDelay reports whether the text above the returned mail says that the server is still trying to deliver it.
func isAboutDelay(text string) bool {
	for line := range strings.SplitSeq(text[:min(len(text), maxProseBytes)], "\n") {
		if copyLine.MatchString(line) {
			return false
		}
		if saysDelay(strings.ToLower(line)) {
			return true
		}
	}
	return false
}

// saysDelay reports whether a line, which must be in lower case, says that the server is still trying.
func saysDelay(line string) bool {
	return slices.ContainsFunc([]string{
		"warning message only", "do not need to resend", "will keep trying", "delivery delayed", "delivery has been delayed",
		"not yet been delivered", "temporary failure report", "still being retried", "wird weiterhin versucht", "verzögert",
	}, func(words string) bool { return strings.Contains(line, words) })
}

// replyInText returns the first line with a reply code or an enhanced status code, or "".
func replyInText(text string) string {
	budget := maxPatternBytes
	for line := range strings.SplitSeq(text[:min(len(text), maxProseBytes)], "\n") {
		if !mayHaveCode(line) || !budget.allow(line) {
			continue
		}
		if smtpReply.MatchString(line) || enhancedCode.MatchString(line) {
			return strings.TrimSpace(line)
		}
	}
	return ""
}

// patternBudget limits how many bytes of one mail are matched against regular expressions, so that a hostile mail can't
// keep a processor busy.
type patternBudget int

// maxPatternBytes is the initial budget of one mail, which is plenty for mails that servers write.
const maxPatternBytes patternBudget = 8 << 10

// lineCost is the fixed cost of a line, in bytes.
const lineCost = 50

// allow takes the cost of matching a line from the budget. It returns false if the budget is exhausted; the caller must
// then treat the line as one that doesn't match.
func (b *patternBudget) allow(text string) bool {
	*b -= patternBudget(len(text) + lineCost)
	return *b >= 0
}

// mailInText matches a mail address in a line.
var mailInText = regexp.MustCompile(`[\w.+%\-]+@[\w\-]+(?:\.[\w\-]+)+`)
