package markdown

import (
	"strings"
	"unicode/utf8"
)

// escape makes s literal in Markdown. At the very beginning of a text, the backslash that a person types
// so that a verb is taken for a text (`\!`, `\/`) stays as it is: bot/command removes it.
func (w *Writer) escape(s string) string {
	var b strings.Builder
	if w.md.Len() == 0 && (strings.HasPrefix(s, `\!`) || strings.HasPrefix(s, `\/`)) {
		b.WriteString(s[:2])
		s = s[2:]
	}
	lineStart := !w.lineHasText // so far the line has only digits and spaces: a sign may make a block of it
	for i, r := range s {
		switch r {
		case '\\', '*', '_', '`', '[', ']', '<', '~':
			b.WriteByte('\\')
		case '&':
			if IsEntity(s[i+1:]) {
				b.WriteByte('\\')
			}
		case '>':
			if lineStart {
				b.WriteByte('\\')
			}
		case '#', '-', '+', '=':
			if lineStart && (isLineMark(s[i:]) || isTableRule(s[i:])) {
				b.WriteByte('\\')
			}
		case '|', ':':
			if lineStart && isTableRule(s[i:]) {
				b.WriteByte('\\')
			}
		case '.', ')':
			if lineStart && endsInListNumber(s[:i]) {
				b.WriteByte('\\')
			}
		}
		b.WriteRune(r)
		switch {
		case r == '\n':
			lineStart = true
		case r != ' ' && (r < '0' || r > '9'):
			lineStart = false
		}
	}
	return b.String()
}

// isLineMark reports whether s, at the start of a line, begins a heading, list or rule.
func isLineMark(s string) bool {
	trimmed := strings.TrimLeft(s, s[:1])
	return trimmed == "" || trimmed[0] == ' ' || trimmed[0] == '\n'
}

// isTableRule reports whether the first line of s is a table's rule ("|---|:--|"), which makes a table of
// the lines around it.
func isTableRule(s string) bool {
	line, _, _ := strings.Cut(s, "\n")
	return strings.Contains(line, "-") && strings.Trim(line, "|:- ") == ""
}

// endsInListNumber reports whether the last line of s has only digits, so that "." or ")" behind them would
// begin an ordered list.
func endsInListNumber(s string) bool {
	line := strings.TrimLeft(s[strings.LastIndexByte(s, '\n')+1:], " ")
	return line != "" && strings.Trim(line, "0123456789") == ""
}

// Cut returns the first n runes of s, or s if it has no more.
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
