package analysis

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Texts are cleaned before they are compared or shown. Characters that nobody sees could hide a text from people
// that a program reads, or hide a forbidden word from a check.

// cleanText removes what is not seen: control characters, marks that turn the direction of writing, and invisible
// characters that can hold a hidden text. Line ends become "\n".
func cleanText(s string) string {
	s = strings.ToValidUTF8(s, "")
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n", "\u0085", "\n").Replace(s)
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return r
		}
		if unicode.IsControl(r) || isUnseen(r) {
			return -1
		}
		return r
	}, s)
}

// isUnseen reports whether a character has no look of its own. Joiners stay, because Persian, Hindi and emojis need them.
func isUnseen(r rune) bool {
	if isJoiner(r) {
		return false
	}

	switch r {
	case '\u115f', '\u1160', '\u3164', '\uffa0', '\u034f': // fillers
		return true
	}

	if unicode.Is(unicode.Variation_Selector, r) && r >= '\ufe00' { // Mongolian's come before
		return true
	}
	if unicode.Is(unicode.Co, r) { // for private use
		return true
	}

	return unicode.Is(unicode.Cf, r) && !unicode.Is(unicode.Prepended_Concatenation_Mark, r)
}

// isJoiner reports whether a character joins its neighbours or parts them, or says that an emoji is drawn as text or not.
func isJoiner(r rune) bool {
	switch r {
	case '\u200c', '\u200d', '\ufe0e', '\ufe0f':
		return true
	}
	return false
}

// foldSpace makes one space of each run of white space, and none at the ends.
func foldSpace(s string) string { return strings.Join(strings.Fields(s), " ") }

// plain returns a text in the form in which rules look at it: compatible forms of letters and digits are one, dots, dashes
// and spaces are those of ASCII, and joiners are gone. "ｗｗｗ。acme‑shop.test" becomes "www.acme-shop.test".
func plain(s string) string {
	s = norm.NFKC.String(cleanText(s))
	return strings.Map(func(r rune) rune {
		switch r {
		case '。', '｡', '․':
			return '.'
		}

		switch {
		case isJoiner(r):
			return -1
		case unicode.Is(unicode.Dash, r):
			return '-'
		case r > unicode.MaxASCII && unicode.Is(unicode.Nd, r):
			return asciiDigit(r)
		case r != '\n' && unicode.IsSpace(r):
			return ' '
		}

		return r
	}, s)
}

// asciiDigit returns the digit that a decimal digit of any script stands for: Unicode keeps each ten in a row.
func asciiDigit(r rune) rune {
	first := r
	for unicode.Is(unicode.Nd, first-1) {
		first--
	}
	return '0' + (r-first)%10
}
