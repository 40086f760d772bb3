package wordform

import (
	"unicode"
	"unicode/utf8"

	"parley/bridge/analysis/offline/numeral"
)

// IsWordRune reports whether a character can be part of a word or a number.
func IsWordRune(r rune) bool {
	if r < utf8.RuneSelf {
		return numeral.IsLetter(byte(r)) || numeral.IsDigit(byte(r))
	}
	if r == utf8.RuneError {
		return false
	}
	if unicode.IsLetter(r) || unicode.IsDigit(r) {
		return true
	}
	return unicode.IsMark(r) && !isEmojiMark(r)
}

// isEmojiMark reports whether a mark modifies the emoji before it: a variation selector or a keycap.
func isEmojiMark(r rune) bool {
	const (
		firstSelector = 0xFE00
		lastSelector  = 0xFE0F
		keycap        = 0x20E3
	)
	return r == keycap || numeral.IsWithin(int(r), firstSelector, lastSelector)
}

// IsEmoji reports whether a character is an emoji.
func IsEmoji(r rune) bool {
	const (
		firstPicture, lastPicture = 0x1F300, 0x1FAFF
		firstSign, lastSign       = 0x2600, 0x27BF
		star                      = 0x2B50
		twoExclamationMarks       = 0x203C
	)
	switch r {
	case star, twoExclamationMarks:
		return true
	}
	return numeral.IsWithin(int(r), firstPicture, lastPicture) || numeral.IsWithin(int(r), firstSign, lastSign)
}

// IsElided reports whether a folded word is the elided form of a French or Italian word before a vowel: "l" in "l'ordine",
// "dell" in "dell'ordine".
func IsElided(form string) bool {
	switch form {
	case "l", "d", "n", "j", "m", "t", "s", "c", "qu", "un", "dell", "all", "nell", "sull", "dall", "quell", "quest",
		"jusqu", "lorsqu", "puisqu", "quelqu", "nient", "tutt", "mezz", "cos", "dov", "com", "anch", "bell":
		return true
	}
	return false
}
