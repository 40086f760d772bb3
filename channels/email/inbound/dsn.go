package inbound

import (
	"bytes"
	"cmp"
	"regexp"
	"strconv"
	"strings"

	"parley/channels/email/rawmail"
)

// report is what a delivery report says about one recipient.
type report struct {
	recipient string
	action    string // "failed", "delayed"; all others are ignored
	status    string // enhanced code, "" means unknown
	reply     string // the server's words
}

// Limits of what is read of one report.
const (
	maxReports     = 100 // recipients
	maxFieldGroups = 300 // groups of fields, of which each may be a recipient
)

// readStatuses reads the message/delivery-status parts of a report.
// Source: RFC 3464 section 2.
func readStatuses(parts [][]byte, guess *rawmail.Guesser) []report {
	var out []report
	groups := 0
	for _, b := range parts {
		b = bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n"))
		for group := range bytes.SplitSeq(b, []byte("\n\n")) {
			groups++
			if len(out) == maxReports || groups > maxFieldGroups {
				return out
			}

			h := rawmail.ReadHeader(append(bytes.TrimSpace(group), "\n\n"...), guess)
			r := report{
				status: enhancedCode.FindString(h.Raw("Status")),
				reply:  withoutType(h.Text("Diagnostic-Code")),
			}

			r.action = actionOf(strings.ToLower(rawmail.FirstWord(h.Raw("Action"))), r.status)
			for _, name := range []string{"Original-Recipient", "Final-Recipient", "X-Actual-Recipient"} {
				if r.recipient == "" {
					r.recipient = rawmail.Address(unescapeAddress(withoutType(h.Raw(name))), guess)
				}
			}

			isAboutMail := r.recipient == "" && r.status == "" // the first group has only fields about the whole report
			if r.action != "" && !isAboutMail {
				out = append(out, r)
			}
		}
	}

	return out
}

// exactStatus returns the enhanced code in a server's words if the status says no more than the class: Exim and OpenSMTPD write 5.0.0
// whatever the server said.
func exactStatus(status, reply string) string {
	code := enhancedCode.FindString(smtpReply.FindString(" " + reply))
	if strings.HasSuffix(status, ".0.0") && strings.HasPrefix(code, status[:1]) {
		return code
	}
	return status
}

// addRepliesOfText adds the server's words from a report's text to those reports that have none.
func addRepliesOfText(reports []report, text string, guess *rawmail.Guesser) {
	said := map[string]string{}
	for _, r := range readProse(text, nil, guess).reports {
		said[r.recipient] = r.reply
	}
	for i := range reports {
		r := &reports[i]
		r.reply = cmp.Or(r.reply, said[r.recipient])
		r.status = exactStatus(r.status, r.reply)
	}
}

// actionOf returns what became of a mail, in one of the five words of RFC 3464. Some servers use other words, such as "expired". For a
// word that isn't known here, the status decides.
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

// isStatusText reports whether a delivery-status part holds prose instead of fields.
func isStatusText(b []byte) bool {
	lower := bytes.ToLower(b)
	return !bytes.Contains(lower, []byte("action:")) && !bytes.Contains(lower, []byte("reporting-mta:"))
}

// withoutType returns the value behind the type of a field: ann@acme.test of "rfc822;ann@acme.test".
func withoutType(s string) string {
	kind, rest, found := strings.Cut(s, ";")
	isType := found && !strings.ContainsAny(strings.TrimSpace(kind), " <@")
	if isType {
		return strings.TrimSpace(rest)
	}
	return strings.TrimSpace(s)
}

// escapedRune matches a character outside ASCII in the form in which reports write it in ASCII fields.
// Source: RFC 6533 section 3, utf-8-addr-xtext.
var escapedRune = regexp.MustCompile(`\\x\{([0-9A-Fa-f]{1,6})\}`)

// unescapeAddress returns an address with its escaped characters as they are: j\x{F6}rg@acme.test.
func unescapeAddress(address string) string {
	return escapedRune.ReplaceAllStringFunc(address, func(code string) string {
		const base, bits = 16, 32
		n, _ := strconv.ParseInt(code[len(`\x{`):len(code)-1], base, bits) // it can't fail: escapedRune matches digits only
		return string(rune(n))
	})
}

// enhancedCode matches an enhanced status code: 5.2.2.
var enhancedCode = regexp.MustCompile(`\b[245]\.\d{1,3}\.\d{1,3}\b`)

// smtpReply matches a mail server's reply in prose: "550 5.1.1 User unknown".
var smtpReply = regexp.MustCompile(`(?:^|[\s#<(:])([45]\d\d)[ \-](?:#?[45]\.\d{1,3}\.\d{1,3})?`)

// SMTP reply codes (RFC 5321 section 4.2.3): refused for now, refused for good, and too large.
const (
	codeRefusedForNow  = 450
	codeRefusedForGood = 550
	codeTooLarge       = 552
)

// replyCode returns the SMTP reply code in the server's words. If there is none, it returns a code of the same class as the status; 0 if
// there is no status, either.
func (r report) replyCode() int {
	if m := smtpReply.FindStringSubmatch(" " + r.reply); m != nil {
		if n, err := strconv.Atoi(m[1]); err == nil {
			return n
		}
	}
	if strings.HasPrefix(r.status, "4") {
		return codeRefusedForNow
	}
	if strings.HasPrefix(r.status, "5") {
		return codeRefusedForGood
	}
	return 0
}

// mayHaveCode reports whether a line may have a code: "550", "5.1". It is faster than the regular expressions.
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

// isDigit reports whether c is an ASCII digit.
func isDigit(c byte) bool { return c >= '0' && c <= '9' }
