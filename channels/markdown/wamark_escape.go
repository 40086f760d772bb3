package markdown

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// This file escapes plain text so that Markdown displays it unchanged, instead of as a heading, list or
// emphasis. For example, "1. a_b_ *c" becomes "1\. a_b\_ \*c".

// maxHeadingMarks is the maximum number of "#" characters of a heading.
const maxHeadingMarks = 6

// blockMarkLength returns the length of a mark at the start of line, such as "-", "##" or "12.", that starts
// a Markdown block, or 0 if there is none. The caller escapes the last character of the mark.
func blockMarkLength(line string) int {
	if line == "" {
		return 0
	}

	n := 0
	switch line[0] {
	case '>':
		return 1 // needs no space after it
	case '#':
		n = len(line) - len(strings.TrimLeft(line, "#"))
		if n > maxHeadingMarks {
			return 0
		}
	case '-', '+', '*':
		n = 1
	default:
		n = numberMarkLength(line)
	}

	after, _ := utf8.DecodeRuneInString(line[n:])
	isFollowedBySpace := n == len(line) || unicode.IsSpace(after)
	if !isFollowedBySpace {
		return 0
	}

	return n
}

// numberMarkLength returns the length of a list number ("12." or "12)") at the start of line, or 0 if there
// is none.
func numberMarkLength(line string) int {
	digits := len(line) - len(strings.TrimLeft(line, "0123456789"))
	if digits == 0 || digits > maxListDigits {
		return 0
	}
	if digits == len(line) || strings.IndexByte(".)", line[digits]) < 0 {
		return 0
	}
	return digits + 1
}

// isRuleLine reports whether Markdown could parse line as a rule, the underline of a heading, or a row of a
// table.
func isRuleLine(line string) bool { return strings.Trim(line, "-=_*|:~ \t") == "" }

// escapeLine escapes one line. It escapes the start, so that no block begins there, and passes the rest to
// escapeRest. Indentation is kept with no-break spaces.
func escapeLine(line string, escapeRest func(string) string) string {
	body := strings.TrimLeftFunc(line, unicode.IsSpace)
	var out strings.Builder
	const tabWidth = 4
	for _, r := range line[:len(line)-len(body)] {
		if r == '\t' {
			out.WriteString(strings.Repeat(nbsp, tabWidth))
		} else {
			out.WriteString(nbsp)
		}
	}

	n := blockMarkLength(body)
	isFence := strings.HasPrefix(body, "~~~") // escapeRest escapes each of its characters
	isRule := body != "" && !isFence && isRuleLine(body)
	if n == 0 && isRule {
		n = 1
	}

	if n > 0 {
		out.WriteString(body[:n-1])
		out.WriteByte('\\')
		out.WriteString(body[n-1 : n])
	}

	out.WriteString(escapeRest(body[n:]))
	return out.String()
}

// escapeInline escapes text within a line. It leaves web addresses intact, so that they become links.
func escapeInline(s string) string {
	out := make([]byte, 0, len(s)+len(s)/8)
	at := 0
	for _, m := range FindURLs(s) {
		url := s[m[0]:m[1]]
		out = escapeRun(out, s, at, m[0])
		if strings.ContainsAny(url, "*_~[]\\(){}|!'$^;") {
			url = "<" + url + ">"
		}
		out = append(out, url...)
		at = m[1]
	}
	return string(escapeRun(out, s, at, len(s)))
}

// escapeRun appends s[from:to] to out, escaped. Whether a character needs escaping depends on its neighbours.
func escapeRun(out []byte, s string, from, to int) []byte {
	for i := from; i < to; i++ {
		escape := false
		switch s[i] {
		case '*', '_', '~':
			escape = canMark(s, i)
		case '`', '[', ']', '<', '|':
			escape = true
		case '&':
			escape = IsEntity(s[i+1:])
		case '\\':
			escape = i+1 == to || isASCIIPunct(s[i+1])
		}

		if escape {
			out = append(out, '\\')
		}

		out = append(out, s[i])
	}

	return out
}

// canMark reports whether the character s[i] could open or close emphasis. Between spaces it can't, and "_"
// can't inside a word.
func canMark(s string, i int) bool {
	before, _ := utf8.DecodeLastRuneInString(s[:i])
	after, _ := utf8.DecodeRuneInString(s[i+1:])
	blankBefore := i > 0 && unicode.IsSpace(before)
	blankAfter := i+1 < len(s) && unicode.IsSpace(after)
	if blankBefore && blankAfter {
		return false
	}
	isInsideWord := isWordRune(before) && isWordRune(after)
	return s[i] != '_' || !isInsideWord
}

// isASCIIPunct reports whether c is ASCII punctuation to Markdown, which then removes a backslash before c.
func isASCIIPunct(c byte) bool {
	if c >= utf8.RuneSelf {
		return false
	}
	return unicode.IsPunct(rune(c)) || unicode.IsSymbol(rune(c))
}
