package message

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// This file removes characters from texts of unknown origin that must not be stored or shown.

// maxExcerptRunes is the maximum length of an Excerpt without its “…”.
const maxExcerptRunes = 200

// Excerpt shortens a foreign text, such as a server's reply, to one line of at most 200 characters.
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

// CleanLine returns s as a single line in NFC, without the characters that IsDropped removes, and with single spaces.
func CleanLine(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	space := false // space follows the last written character
	for _, r := range s {
		if unicode.IsSpace(r) {
			space = true
			continue
		}
		if IsDropped(r) {
			continue
		}
		if space && b.Len() > 0 {
			b.WriteByte(' ')
		}

		space = false
		b.WriteRune(r)
	}

	return norm.NFC.String(b.String())
}

// IsDropped reports whether a rune is removed from all texts: control characters, byte order marks, and direction
// overrides, which can disguise the name of a program as that of a picture.
func IsDropped(r rune) bool {
	switch r {
	case '\n', '\t':
		return false
	case '\u202d', '\u202e': // left-to-right and right-to-left override
		return true
	case '\ufeff': // a byte order mark
		return true
	}
	return unicode.IsControl(r)
}

// IsASCII reports whether s has only 7-bit bytes.
func IsASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// DropControls removes NUL and other control characters and converts all line ends to \n. The result is valid UTF-8.
func DropControls(s string) string {
	if strings.IndexByte(s, '\r') >= 0 {
		s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	}
	if isClean(s) {
		return s
	}
	s = strings.ToValidUTF8(s, "\uFFFD")
	if strings.IndexFunc(s, isUnwanted) < 0 {
		return s
	}
	return strings.Map(func(r rune) rune {
		if IsDropped(r) {
			return -1 // strings.Map removes it
		}
		if isUnicodeLineEnd(r) {
			return '\n'
		}
		return r
	}, s)
}

// isUnicodeLineEnd reports whether r is Unicode's line or paragraph separator.
func isUnicodeLineEnd(r rune) bool { return r == '\u2028' || r == '\u2029' }

// isUnwanted reports whether DropControls removes or replaces r.
func isUnwanted(r rune) bool { return IsDropped(r) || isUnicodeLineEnd(r) }

// isClean reports whether s is ASCII without control characters, as most mails are.
func isClean(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c >= ' ' && c < asciiDelete {
			continue
		}
		if c != '\n' && c != '\t' {
			return false
		}
	}
	return true
}

// asciiDelete is the last ASCII character, a control character.
const asciiDelete = '\x7f'

// isLetterOrDigit reports whether c is an ASCII letter or digit.
func isLetterOrDigit(c byte) bool {
	switch {
	case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		return true
	}
	return false
}
