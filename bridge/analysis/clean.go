package analysis

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Texts are cleaned before they are compared or shown. Invisible characters could hide a text from people that programs
// still read, or hide a forbidden word from a check: "@he\u200bre" looks like "@here".

// cleanText removes invisible characters: control characters, text direction marks, and format characters that can
// encode a hidden text. Line ends become "\n". Joiners stay (see isInvisible).
func cleanText(s string) string {
	s = strings.ToValidUTF8(s, "")
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n", "\u0085", "\n").Replace(s)
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return r
		}
		if unicode.IsControl(r) || isInvisible(r) {
			return -1
		}
		return r
	}, s)
}

// isInvisible reports whether a character has no visible form. Joiners don't count, because Persian, Hindi and emojis
// need them.
func isInvisible(r rune) bool {
	if isJoiner(r) {
		return false
	}

	switch r {
	case '\u115f', '\u1160', '\u3164', '\uffa0', '\u034f': // fillers
		return true
	}

	if unicode.Is(unicode.Variation_Selector, r) && r >= '\ufe00' { // Mongolian text needs those below U+FE00
		return true
	}
	if unicode.Is(unicode.Co, r) { // private use
		return true
	}

	return unicode.Is(unicode.Cf, r) && !unicode.Is(unicode.Prepended_Concatenation_Mark, r)
}

// isJoiner reports whether a character is a zero-width joiner or non-joiner, or selects the text or emoji form of the
// character before it.
func isJoiner(r rune) bool {
	switch r {
	case '\u200c', '\u200d', '\ufe0e', '\ufe0f':
		return true
	}
	return false
}

// foldSpace replaces each run of white space by one space, and trims the text.
func foldSpace(s string) string { return strings.Join(strings.Fields(s), " ") }

// plain returns a text in the form to which rules are applied: cleaned and normalised to NFKC, with ASCII digits, dots,
// dashes and spaces, and without joiners. "ｗｗｗ。acme‑shop.test" becomes "www.acme-shop.test".
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

// asciiDigit returns the ASCII form of a decimal digit of any script. In Unicode, the digits 0 to 9 of each script are
// consecutive.
func asciiDigit(r rune) rune {
	first := r
	for unicode.Is(unicode.Nd, first-1) {
		first--
	}
	return '0' + (r-first)%10
}
