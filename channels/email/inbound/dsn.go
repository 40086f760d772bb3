package inbound

import (
	"bytes"
	"cmp"
	"regexp"
	"strconv"
	"strings"

	"parley/channels/email/bodytext"
	"parley/channels/email/rawmail"
)

// report is what a delivery report says about one recipient.
type report struct {
	recipient string
	action    string // "failed", "delayed"; all others are ignored
	status    string // enhanced code, "" = unknown
	reply     string // the server's words
}

// Limits of what is read of one report.
const (
	reportLimit = 100 // recipients
	groupLimit  = 300 // groups of fields, of which each may be a recipient
)

// readStatuses reads the message/delivery-status parts of a report.
// Source: RFC 3464 section 2.
func readStatuses(parts [][]byte, guess *rawmail.Guesser) []report {
	var out []report
	groups := 0
	for _, b := range parts {
		b = bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n"))
		for group := range bytes.SplitSeq(b, []byte("\n\n")) {
			if groups++; len(out) == reportLimit || groups > groupLimit {
				return out
			}
			h := rawmail.ReadHeader(append(bytes.TrimSpace(group), "\n\n"...), guess)
			r := report{
				action: strings.ToLower(rawmail.FirstWord(h.Raw("Action"))),
				status: enhancedCode.FindString(h.Raw("Status")),
				reply:  afterType(h.Text("Diagnostic-Code")),
			}
			for _, name := range []string{"Original-Recipient", "Final-Recipient", "X-Actual-Recipient"} {
				if r.recipient == "" {
					r.recipient = rawmail.Address(afterType(h.Raw(name)), guess)
				}
			}
			if r.action != "" && (r.recipient != "" || r.status != "") {
				out = append(out, r)
			}
		}
	}
	return out
}

// isStatusText reports whether a delivery-status part holds prose instead of fields.
func isStatusText(b []byte) bool {
	lower := bytes.ToLower(b)
	return !bytes.Contains(lower, []byte("action:")) && !bytes.Contains(lower, []byte("reporting-mta:"))
}

// afterType returns the value behind the type of a field: "rfc822;ann@acme.test" gives ann@acme.test.
func afterType(s string) string {
	if kind, rest, found := strings.Cut(s, ";"); found && !strings.ContainsAny(strings.TrimSpace(kind), " <@") {
		s = rest
	}
	return strings.TrimSpace(s)
}

// enhancedCode matches an enhanced status code: 5.2.2.
var enhancedCode = regexp.MustCompile(`\b[245]\.\d{1,3}\.\d{1,3}\b`)

// smtpReply matches a mail server's reply in prose: "550 5.1.1 User unknown".
var smtpReply = regexp.MustCompile(`(?:^|[\s#<(:])([45]\d\d)[ \-](?:#?[45]\.\d{1,3}\.\d{1,3})?`)

// recipientLine matches the line with which qmail, Postfix and others begin a recipient's paragraph.
// Groups 1 to 3 are the address, in one of three forms; group 4 is the beginning of the reply.
var recipientLine = regexp.MustCompile(`^[\s*•]*(?:` +
	`<([^<>\s@]+@[^<>\s]+)>(?:<mailto:[^>]*>)?\s*[:.]?|` + // <ann@acme.test>:
	`([^\s<>@:()]+@[^\s<>:()]+)(?:<mailto:[^>]*>)?(?:\s*:\s|\s*:?\s*$| on )|` + // ann@acme.test:
	`[^<>@]{0,80}[(<]([^<>\s@()]+@[^<>\s()]+)[)>]\s*:?\s*$` + // Ann Lee (ann@acme.test):
	`)\s*(.*)$`)

// recipientIn returns the groups of recipientLine in a line; nil if it doesn't match.
func recipientIn(line string) []string {
	if !strings.Contains(line, "@") || len(line) > proseLineBytes {
		return nil
	}
	return recipientLine.FindStringSubmatch(line)
}

// copyLine matches the line after which the returned mail begins.
var copyLine = regexp.MustCompile(`(?i)^[\s\-*=]*(?:below this line is a copy|this is a copy of the message|` +
	`original message (?:headers?|follows)|the original message|ursprüngliche nachrichtenkopfzeilen|` +
	`original-nachrichtenkopf|diagnostic information for administrators)`)

// Limits of what is read of a report's text.
const (
	proseLines     = 300
	proseBytes     = 30_000
	proseLineBytes = 2000 // the longest line that can name a recipient
)

// readProse reads a report that has no machine-readable part, as qmail, old Exchange, Exim, and Postfix
// without DSN send it. failed are the recipients that the headers name. The result is empty if neither
// the text nor the headers name a recipient.
func readProse(text string, failed []string, guess *rawmail.Guesser) []report {
	var out []report
	var open *report
	text = text[:min(len(text), proseBytes)]
	for n, l := range strings.Split(text, "\n") {
		if n > proseLines || copyLine.MatchString(l) || len(out) == reportLimit {
			break
		}
		if m := recipientIn(l); m != nil {
			a := rawmail.Address(cmp.Or(m[1], m[2], m[3]), guess)
			if open == nil || open.recipient != a {
				out = append(out, report{recipient: a, reply: strings.TrimSpace(m[4])})
				open = &out[len(out)-1]
				continue
			}
		}
		switch {
		case open == nil:
		case strings.TrimSpace(l) == "":
			if open.reply != "" {
				open = nil
			}
		case len(open.reply) < 500:
			open.reply = strings.TrimSpace(open.reply + " " + strings.TrimSpace(l))
		}
	}
	kept := out[:0]
	for _, r := range out {
		if r.recipient != "" && (r.reply != "" || len(failed) == 0) {
			kept = append(kept, r)
		}
	}
	if len(kept) == 0 {
		for _, a := range failed {
			kept = append(kept, report{recipient: a, reply: replyInText(text)})
		}
	}
	delayed := saysDelayed(text)
	anywhere := enhancedCode.FindString(replyInText(text))
	for i := range kept {
		if kept[i].status = enhancedCode.FindString(kept[i].reply); kept[i].status == "" {
			kept[i].status = anywhere
		}
		kept[i].action = "failed"
		if delayed && !strings.HasPrefix(kept[i].status, "5") {
			kept[i].action = "delayed"
		}
	}
	return kept
}

// saysDelayed reports whether a text says that the server still tries to deliver a mail.
func saysDelayed(text string) bool {
	text = strings.ToLower(text[:min(len(text), proseBytes)])
	for _, words := range []string{
		"warning message only", "do not need to resend", "will keep trying", "delivery delayed", "delivery has been delayed",
		"still being retried", "wird weiterhin versucht", "verzögert",
	} {
		if strings.Contains(text, words) {
			return true
		}
	}
	return false
}

// replyInText returns the first line that has a server's reply; "" if there is none.
func replyInText(text string) string {
	looks := bodytext.PatternBytes
	for l := range strings.SplitSeq(text[:min(len(text), proseBytes)], "\n") {
		if hasCode(l) && looks.Allow(l) && (smtpReply.MatchString(l) || enhancedCode.MatchString(l)) {
			return strings.TrimSpace(l)
		}
	}
	return ""
}

// code returns the SMTP reply code of a report. If the server's words have none, it is 450 or 550 by
// the class of the enhanced code; 0 = unknown.
func (r report) code() int {
	if m := smtpReply.FindStringSubmatch(" " + r.reply); m != nil {
		if n, err := strconv.Atoi(m[1]); err == nil {
			return n
		}
	}
	switch {
	case strings.HasPrefix(r.status, "4"):
		return 450
	case strings.HasPrefix(r.status, "5"):
		return 550
	}
	return 0
}

// hasCode reports whether a line may have a code: "550", "5.1". It is faster than the expressions.
func hasCode(line string) bool {
	digit := func(c byte) bool { return c >= '0' && c <= '9' }
	for i := 0; i+2 < len(line); i++ {
		if c := line[i]; (c == '2' || c == '4' || c == '5') && digit(line[i+2]) && (line[i+1] == '.' || digit(line[i+1])) {
			return true
		}
	}
	return false
}
