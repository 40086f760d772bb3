package rawmail

import (
	"strings"
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
		if r < ' ' || r == 0x7f || r == '\u2028' || r == '\u2029' || (r >= 0x80 && r < 0xa0) {
			return ' '
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}
