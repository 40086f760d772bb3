package engine

import (
	"regexp"
	"strings"
)

// subjectMark matches the prefixes that mail programs put before the subject of an answer or a forwarded mail, in their
// languages and with or without a count: "AW:", "Re[2]:", "Fwd:".
var subjectMark = regexp.MustCompile(`(?i)^\s*(re|aw|antw|antwort|sv|vs|ref|rif|odp|ynt|atb|res|回复|回覆|答复|返信|` +
	`fwd?|wg|tr|rv|enc|i|vb|vl|pd|tov|ilt|doorst|пересл|πρθ|转发|轉寄|転送|전달)\s*(\[\d+\]|\(\d+\))?\s*[:：]`)

// SubjectWithoutMarks returns a subject without such prefixes.
func SubjectWithoutMarks(subject string) string {
	for mark := subjectMark.FindString(subject); mark != ""; mark = subjectMark.FindString(subject) {
		subject = subject[len(mark):]
	}
	return strings.TrimSpace(subject)
}

// BareSubject returns a subject without such prefixes, in lower case and with single blanks, to compare it with others.
func BareSubject(subject string) string {
	return strings.ToLower(strings.Join(strings.Fields(SubjectWithoutMarks(subject)), " "))
}
