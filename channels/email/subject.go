package email

import (
	"regexp"
	"unicode/utf8"

	"parley/channels"
)

// replyMark is a prefix that mail programs put before the subject of an answer, in
// their languages, also counted: "AW:", "Re[2]:".
var replyMark = regexp.MustCompile(`(?i)^\s*(re|aw|antw|antwort|sv|vs|ref|rif|odp|ynt|atb|tr|res|回复|回覆|答复|返信)\s*(\[\d+\]|\(\d+\))?\s*[:：]\s*`)

// subject gives the subject line: an answer carries "Re: " once, whatever came before.
func subject(o channels.Outbound) string {
	s := oneLine(o.Subject)
	if o.InReplyTo == "" && len(o.References) == 0 {
		return cut(orNoSubject(s))
	}
	for replyMark.MatchString(s) {
		s = s[len(replyMark.FindString(s)):]
	}
	return "Re: " + cut(orNoSubject(s))
}

func orNoSubject(s string) string {
	if s == "" {
		return "(no subject)"
	}
	return s
}

func cut(s string) string {
	if utf8.RuneCountInString(s) <= maxSubjectRunes {
		return s
	}
	return string([]rune(s)[:maxSubjectRunes-1]) + "…"
}
