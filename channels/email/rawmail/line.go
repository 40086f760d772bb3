package rawmail

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxExcerptRunes bounds what is repeated of a server's own words.
const maxExcerptRunes = 200

// Excerpt shortens somebody else's words, such as a server's, to one line of at most 200 characters.
func Excerpt(text string) string {
	text = OneLine(strings.ToValidUTF8(text, "?"))
	if utf8.RuneCountInString(text) > maxExcerptRunes {
		text = string([]rune(text)[:maxExcerptRunes]) + "…"
	}
	return text
}

// OneLine replaces control characters and repeated spaces by single spaces.
func OneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || isUnicodeLineEnd(r) {
			return ' '
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// isLetterOrDigit reports whether c is an ASCII letter or digit.
func isLetterOrDigit(c byte) bool {
	switch {
	case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		return true
	}
	return false
}
