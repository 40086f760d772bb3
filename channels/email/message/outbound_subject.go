package message

import (
	"cmp"
	"regexp"
	"unicode/utf8"

	"parley/channels"
)

// replyMark matches the prefixes that mail programs put before the subject of an answer, in their
// languages and with or without a count: "AW:", "Re[2]:".
var replyMark = regexp.MustCompile(`(?i)^\s*` +
	`(re|aw|antw|antwort|sv|vs|ref|rif|odp|ynt|atb|tr|res|回复|回覆|答复|返信)\s*(\[\d+\]|\(\d+\))?\s*[:：]\s*`)

// subjectLine returns the subject line. The subject of an answer has exactly one "Re: ".
func subjectLine(o channels.Outbound) string {
	s := OneLine(o.Subject)
	if o.InReplyTo == "" && len(o.References) == 0 {
		return shorten(orNoSubject(s))
	}
	for replyMark.MatchString(s) {
		s = s[len(replyMark.FindString(s)):]
	}
	return "Re: " + shorten(orNoSubject(s))
}

func orNoSubject(s string) string { return cmp.Or(s, "(no subject)") }

// shorten cuts a text to the length that a subject may have.
func shorten(s string) string {
	if utf8.RuneCountInString(s) <= maxSubjectRunes {
		return s
	}
	return string([]rune(s)[:maxSubjectRunes-1]) + "…"
}
