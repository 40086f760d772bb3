package markdown

import (
	"strings"
	"unicode/utf8"
)

// escape makes s literal in Markdown. The escape that a person types before a verb
// (`\!`, `\/`) stays as it is at the very beginning: bot/command takes it off.
func (w *Writer) escape(s string) string {
	var b strings.Builder
	if w.md.Len() == 0 && (strings.HasPrefix(s, `\!`) || strings.HasPrefix(s, `\/`)) {
		b.WriteString(s[:2])
		s = s[2:]
	}
	start := !w.inked
	for i, r := range s {
		switch r {
		case '\\', '*', '_', '`', '[', ']', '<', '~':
			b.WriteByte('\\')
		case '&':
			if IsEntity(s[i+1:]) {
				b.WriteByte('\\')
			}
		case '>':
			if start {
				b.WriteByte('\\')
			}
		case '#', '-', '+', '=', '|', ':':
			if start && (lineMark(s[i:]) && r != '|' && r != ':' || tableRule(s[i:])) {
				b.WriteByte('\\')
			}
		case '.', ')':
			if start && numberBefore(s[:i], i) {
				b.WriteByte('\\')
			}
		}
		b.WriteRune(r)
		switch {
		case r == '\n':
			start = true
		case r != ' ' && (r < '0' || r > '9'):
			start = false
		}
	}
	return b.String()
}

// lineMark tells whether s would begin a heading, list or rule.
func lineMark(s string) bool {
	trimmed := strings.TrimLeft(s, s[:1])
	return trimmed == "" || trimmed[0] == ' ' || trimmed[0] == '\n'
}

// tableRule tells whether s begins with the line that makes a table of its neighbours.
func tableRule(s string) bool {
	line, _, _ := strings.Cut(s, "\n")
	return strings.Contains(line, "-") && strings.Trim(line, "|:- ") == ""
}

// numberBefore tells whether a line begins with digits only up to i ("12.").
func numberBefore(s string, i int) bool {
	line := strings.TrimLeft(s[strings.LastIndexByte(s, '\n')+1:i], " ")
	return line != "" && strings.Trim(line, "0123456789") == ""
}

// Cut gives at most n runes of s.
func Cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	i := 0
	for range n {
		_, size := utf8.DecodeRuneInString(s[i:])
		i += size
	}
	return s[:i]
}
