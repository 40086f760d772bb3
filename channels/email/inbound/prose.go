package inbound

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"parley/channels/email/bodytext"
	"parley/channels/email/rawmail"
)

// Many servers report only in prose that a mail could not be delivered. This file finds the recipients in such a text, and for each the
// words of the server that refused the mail. Behind them, the text often shows the mail itself (the returned mail).

// recipientLine matches the line with which qmail, Postfix and others begin a recipient's paragraph.
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
	m := recipientLine.FindStringSubmatch(line)
	if m == nil {
		return "", "", false
	}
	return cmp.Or(m[1], m[2], m[3]), strings.TrimSpace(m[4]), true
}

// copyLine matches the line after which the returned mail begins.
var copyLine = regexp.MustCompile(`(?i)^[\s\-*=]*(?:below this line is a copy|below is a copy of|this is a copy of the message|` +
	`original message(?: headers?| follows|[\s\-*=]*$)|the original message|the header of the original message|returned message|` +
	`ursprüngliche nachrichtenkopfzeilen|original-nachrichtenkopf|diagnostic information for administrators)`)

// Limits of what is read of a report's text.
const (
	maxProseLines     = 300
	maxProseBytes     = 30_000
	maxProseLineBytes = 2000 // the longest line that can name a recipient
	maxReplyBytes     = 500  // a reply of more bytes is not continued
	maxFieldBytes     = 60   // of the name of a header field, with its colon
)

// prose is what the text of a report says.
type prose struct {
	guess          *rawmail.Guesser
	reports        []report
	reportOpen     bool     // the next line may belong to the last report
	inReturnedMail bool     // what follows is the returned mail
	currentField   string   // a field of the returned mail that the next line may continue, in lower case; else ""
	writtenTo      []string // the addresses to which the returned mail was written
}

// readProse reads the text of a report. failedRecipients are those that the headers name. The result has no reports if neither the text
// nor the headers name a recipient.
func readProse(text string, failedRecipients []string, guess *rawmail.Guesser) prose {
	p := prose{guess: guess}
	text = text[:min(len(text), maxProseBytes)]
	for n, l := range strings.Split(text, "\n") {
		if n > maxProseLines || len(p.reports) == maxReports {
			break
		}
		p.readLine(l)
	}

	p.reports = slices.DeleteFunc(p.reports, func(r report) bool {
		isUncertain := r.reply == "" && len(failedRecipients) > 0 // the headers say it better
		return r.recipient == "" || isUncertain
	})
	if len(p.reports) == 0 {
		for _, a := range failedRecipients {
			p.reports = append(p.reports, report{recipient: a, reply: replyInText(text)})
		}
	}

	p.setActions(text)
	return p
}

// readLine reads the next line.
func (p *prose) readLine(l string) {
	if copyLine.MatchString(l) {
		p.inReturnedMail = true
		p.reportOpen = false
		return
	}

	startsReply := p.reportOpen && p.lastReport().reply == "" && strings.Contains(l, "> RCPT: <") // s/qmail: "From: <…> RCPT: <…> refused:"
	if !startsReply && p.consumeField(l) {
		p.reportOpen = false
		return
	}
	if p.inReturnedMail {
		return
	}

	if address, serverReply, ok := splitRecipientLine(l); ok {
		recipient := rawmail.Address(address, p.guess)
		continuesReport := p.reportOpen && p.lastReport().recipient == recipient // the server's reply names the address again
		if !continuesReport {
			p.reports = append(p.reports, report{recipient: recipient, reply: serverReply})
			p.reportOpen = true
			return
		}
	}

	if !p.reportOpen {
		return
	}

	last := p.lastReport()
	text := strings.TrimSpace(l)
	if text == "" {
		p.reportOpen = last.reply == ""
	} else if len(last.reply) < maxReplyBytes {
		last.reply = strings.TrimSpace(last.reply + " " + text)
	}
}

// lastReport returns the last report, which must exist.
func (p *prose) lastReport() *report { return &p.reports[len(p.reports)-1] }

// consumeField reads a line of a header field of the returned mail, and notes to whom that mail was written. It returns false for any other
// line. The addresses in header fields must not count as recipients at whom the mail failed.
func (p *prose) consumeField(l string) bool {
	text := strings.TrimLeft(l, " \t>|")
	name, _, hasColon := strings.Cut(text[:min(len(text), maxFieldBytes)], ":")
	isField := hasColon && isMailField(strings.ToLower(name))
	isIndented := strings.HasPrefix(l, " ") || strings.HasPrefix(l, "\t")
	if isField {
		p.currentField = strings.ToLower(name)
		text = text[len(name)+1:]
	} else if !isIndented || text == "" {
		p.currentField = ""
	}

	if p.currentField == "" {
		return false
	}

	if p.currentField == "to" || p.currentField == "cc" {
		for _, party := range rawmail.Addresses(p.guess, text) {
			p.writtenTo = append(p.writtenTo, party.Key)
		}
	}

	return true
}

// isMailField reports whether mails have a header field of this name, in lower case.
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

// setActions sets the status and the action of each report. If no report's reply has a code, the first one in the text counts. If that
// begins a server's words, and there is only one report, these words become its reply.
func (p *prose) setActions(text string) {
	delayed := isAboutDelay(text)
	line := ""
	if !slices.ContainsFunc(p.reports, func(r report) bool { return enhancedCode.MatchString(r.reply) }) {
		line = strings.TrimLeft(replyInText(text), "- ")
	}
	anywhere := enhancedCode.FindString(line)
	isReply := anywhere != "" && (strings.HasPrefix(line, anywhere) || smtpReply.MatchString(line))
	for i := range p.reports {
		r := &p.reports[i]
		r.status = cmp.Or(enhancedCode.FindString(r.reply), anywhere)
		if isReply && len(p.reports) == 1 && !smtpReply.MatchString(r.reply) {
			r.reply = line
		}
		r.action = "failed"
		if delayed && !strings.HasPrefix(r.status, "5") {
			r.action = "delayed"
		}
	}
}

// isAboutDelay reports whether a text says, before the mail that it returns, that the server still tries to deliver it.
func isAboutDelay(text string) bool {
	for l := range strings.SplitSeq(text[:min(len(text), maxProseBytes)], "\n") {
		if copyLine.MatchString(l) {
			return false
		}
		if saysDelay(strings.ToLower(l)) {
			return true
		}
	}
	return false
}

// saysDelay reports whether a line, in lower case, says that the server still tries to deliver a mail.
func saysDelay(line string) bool {
	return slices.ContainsFunc([]string{
		"warning message only", "do not need to resend", "will keep trying", "delivery delayed", "delivery has been delayed",
		"not yet been delivered", "temporary failure report", "still being retried", "wird weiterhin versucht", "verzögert",
	}, func(words string) bool { return strings.Contains(line, words) })
}

// replyInText returns the first line that has a server's reply, or "" if there is none.
func replyInText(text string) string {
	budget := bodytext.MaxPatternBytes
	for line := range strings.SplitSeq(text[:min(len(text), maxProseBytes)], "\n") {
		if !mayHaveCode(line) || !budget.Allow(line) {
			continue
		}
		if smtpReply.MatchString(line) || enhancedCode.MatchString(line) {
			return strings.TrimSpace(line)
		}
	}
	return ""
}
