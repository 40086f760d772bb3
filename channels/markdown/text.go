package markdown

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// FindURLs gives where addresses of the web stand in s, what ends the sentence
// around them left out.
func FindURLs(s string) [][2]int {
	var out [][2]int
	for at := 0; at < len(s); {
		i := strings.Index(s[at:], "://")
		if i < 0 {
			break
		}
		i += at
		start := i
		for start > at && isLetter(s[start-1]) {
			start--
		}
		scheme := s[start:i]
		at = i + 3
		before, _ := utf8.DecodeLastRuneInString(s[:start])
		if !strings.EqualFold(scheme, "http") && !strings.EqualFold(scheme, "https") || start > 0 && wordRune(before) {
			continue // before its end is looked for: a long word may hold many of these
		}
		end := i + 3
		for end < len(s) && !endsURL(s[end:]) {
			end++
		}
		if end = start + len(trimURL(s[start:end])); end > i+4 {
			out = append(out, [2]int{start, end})
			at = end
		}
	}
	return out
}

// endsURL reports whether s begins with what no URL holds.
func endsURL(s string) bool {
	return s[0] <= ' ' || strings.IndexByte("<>\"`", s[0]) >= 0 || s[0] == 0x7f ||
		s[0] >= 0x80 && endsURLRune(s)
}

// endsURLRune is endsURL for other alphabets: blanks and private-use letters.
func endsURLRune(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return unicode.IsSpace(r) || unicode.Is(unicode.Co, r)
}

// trimURL drops what ends the sentence around a URL, not the URL: a full stop, a
// closing bracket that was opened before it.
func trimURL(u string) string {
	var spare [256]int // closing brackets without an opening one
	for i := range len(u) {
		switch c := u[i]; c {
		case ')', ']', '}':
			spare[c]++
		case '(':
			spare[')']--
		case '[':
			spare[']']--
		case '{':
			spare['}']--
		}
	}
	for u != "" {
		c := u[len(u)-1]
		if spare[c] > 0 {
			spare[c]--
		} else if strings.IndexByte(".,;:!?'*_~", c) < 0 {
			break
		}
		u = u[:len(u)-1]
	}
	return u
}

// IsEntity reports whether s, behind an ampersand, begins with what Markdown decodes:
// "#10;", "#x1F;", "amp;".
func IsEntity(s string) bool {
	end := strings.IndexByte(s[:min(len(s), 33)], ';')
	if end < 2 {
		return false
	}
	name, digits := s[:end], isEntityLetter
	switch {
	case name[0] != '#':
		if !isLetter(name[0]) {
			return false
		}
	case name[1] == 'x' || name[1] == 'X':
		name, digits = name[2:], func(c byte) bool { return isDigit(c) || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' }
		if len(name) > 6 {
			return false
		}
	default:
		name, digits = name[1:], isDigit
		if len(name) > 7 {
			return false
		}
	}
	for i := range len(name) {
		if !digits(name[i]) {
			return false
		}
	}
	return name != ""
}

// isEntityLetter reports whether a named entity may hold c.
func isEntityLetter(c byte) bool { return isLetter(c) || isDigit(c) }

// LongestRun gives the length of the longest run of c: a fence is longer than any in what
// it holds.
func LongestRun(text string, c byte) int {
	longest, run := 0, 0
	for i := range len(text) {
		if text[i] != c {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}

// wordRune reports whether "_" beside r is part of a word.
func wordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// isLetter reports whether c is an ASCII letter.
func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

// isDigit reports whether c is an ASCII digit.
func isDigit(c byte) bool { return c >= '0' && c <= '9' }
