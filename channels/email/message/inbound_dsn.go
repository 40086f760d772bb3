package message

import (
	"bytes"
	"cmp"
	"regexp"
	"strconv"
	"strings"
)

// This file reads the machine-readable part of a bounce, a delivery status notification (RFC 3464). It has a group of
// fields about the whole mail, and one group for each recipient:
//
//	Reporting-MTA: dns; mx.customer.test
//
//	Final-Recipient: rfc822; ann@customer.test
//	Action: failed
//	Status: 5.1.1
//	Diagnostic-Code: smtp; 550 5.1.1 User unknown
//
// "5.1.1" is called the enhanced status code, "550" the reply code. In both, a leading 4 means a temporary failure and
// a leading 5 a permanent one.

// report is what a bounce says about one recipient.
type report struct {
	recipient string
	action    string // "failed", "delayed"; others are ignored
	status    string // the enhanced status code; "" if unknown
	reply     string // the text with which the receiving server refused the mail
}

// Limits of one bounce.
const (
	maxReports     = 100
	maxFieldGroups = 300
)

// readStatuses parses the message/delivery-status parts of a bounce.
func readStatuses(parts [][]byte, guess *Guesser) []report {
	var out []report
	groups := 0
	for _, b := range parts {
		b = bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n"))
		for group := range bytes.SplitSeq(b, []byte("\n\n")) {
			groups++
			if len(out) == maxReports || groups > maxFieldGroups {
				return out
			}

			h := ReadHeader(append(bytes.TrimSpace(group), "\n\n"...), guess)
			r := report{
				status: enhancedCode.FindString(h.Raw("Status")),
				reply:  withoutType(h.Text("Diagnostic-Code")),
			}

			r.action = actionOf(strings.ToLower(FirstWord(h.Raw("Action"))), r.status)
			for _, name := range []string{"Original-Recipient", "Final-Recipient", "X-Actual-Recipient"} {
				if r.recipient == "" {
					r.recipient = Address(unescapeAddress(withoutType(h.Raw(name))), guess)
				}
			}

			isAboutWholeMail := r.recipient == "" && r.status == ""
			if r.action != "" && !isAboutWholeMail {
				out = append(out, r)
			}
		}
	}

	return out
}

// exactStatus returns the enhanced status code in a server's reply if status is unspecific: Exim and OpenSMTPD always
// report 5.0.0. Otherwise it returns status.
func exactStatus(status, reply string) string {
	code := enhancedCode.FindString(smtpReply.FindString(" " + reply))
	if strings.HasSuffix(status, ".0.0") && strings.HasPrefix(code, status[:1]) {
		return code
	}
	return status
}

// addRepliesOfText adds replies from the text of a bounce to those reports that have none.
func addRepliesOfText(reports []report, text string, guess *Guesser) {
	replies := map[string]string{} // by recipient
	for _, r := range readProse(text, nil, guess).reports {
		replies[r.recipient] = r.reply
	}
	for i := range reports {
		r := &reports[i]
		r.reply = cmp.Or(r.reply, replies[r.recipient])
		r.status = exactStatus(r.status, r.reply)
	}
}

// actionOf translates the value of an Action field into one of the five actions of RFC 3464. Some servers use other
// words, such as "expired". For an unknown word, the status decides.
func actionOf(word, status string) string {
	switch word {
	case "", "failed", "delayed", "delivered", "relayed", "expanded":
		return word
	case "expired", "failure", "error", "rejected", "undeliverable":
		return "failed"
	}
	if strings.HasPrefix(status, "5") {
		return "failed"
	}
	if strings.HasPrefix(status, "4") {
		return "delayed"
	}
	return word
}

// isStatusText reports whether a delivery-status part contains prose instead of fields.
func isStatusText(b []byte) bool {
	lower := bytes.ToLower(b)
	return !bytes.Contains(lower, []byte("action:")) && !bytes.Contains(lower, []byte("reporting-mta:"))
}

// withoutType removes the type from the value of a field: "rfc822; ann@acme.test" becomes "ann@acme.test".
func withoutType(s string) string {
	kind, rest, found := strings.Cut(s, ";")
	isType := found && !strings.ContainsAny(strings.TrimSpace(kind), " <@")
	if isType {
		return strings.TrimSpace(rest)
	}
	return strings.TrimSpace(s)
}

// escapedRune matches an escaped non-ASCII character in an address (RFC 6533 section 3, utf-8-addr-xtext).
var escapedRune = regexp.MustCompile(`\\x\{([0-9A-Fa-f]{1,6})\}`)

// unescapeAddress replaces escaped characters: j\x{F6}rg@acme.test becomes jörg@acme.test.
func unescapeAddress(address string) string {
	return escapedRune.ReplaceAllStringFunc(address, func(code string) string {
		const base, bits = 16, 32
		n, _ := strconv.ParseInt(code[len(`\x{`):len(code)-1], base, bits) // can't fail: escapedRune matches up to six digits
		return string(rune(n))
	})
}

// enhancedCode matches an enhanced status code: 5.2.2.
var enhancedCode = regexp.MustCompile(`\b[245]\.\d{1,3}\.\d{1,3}\b`)

// smtpReply matches the beginning of a server's reply in prose: "550 5.1.1 User unknown". Group 1 is the reply code.
var smtpReply = regexp.MustCompile(`(?:^|[\s#<(:])([45]\d\d)[ \-](?:#?[45]\.\d{1,3}\.\d{1,3})?`)

// SMTP reply codes (RFC 5321 section 4.2.3).
const (
	codeTemporaryFailure = 450
	codePermanentFailure = 550
	codeTooLarge         = 552
)

// replyCode returns the SMTP reply code in the server's reply. If there is none, it returns a code of the same class as
// the status, or 0 without a status.
func (r report) replyCode() int {
	if match := smtpReply.FindStringSubmatch(" " + r.reply); match != nil {
		if code, err := strconv.Atoi(match[1]); err == nil {
			return code
		}
	}
	if strings.HasPrefix(r.status, "4") {
		return codeTemporaryFailure
	}
	if strings.HasPrefix(r.status, "5") {
		return codePermanentFailure
	}
	return 0
}

// mayHaveCode is a cheap check before the regular expressions: it reports whether a line may have a code ("550", "5.1").
func mayHaveCode(line string) bool {
	for i := 0; i+2 < len(line); i++ {
		switch line[i] {
		case '2', '4', '5':
			second := line[i+1]
			isSecond := second == '.' || isDigit(second)
			if isSecond && isDigit(line[i+2]) {
				return true
			}
		}
	}
	return false
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
