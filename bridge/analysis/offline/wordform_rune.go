package offline

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// IsWordRune reports whether a character can be part of a word or a number.
func IsWordRune(r rune) bool {
	if r == utf8.RuneError {
		return false
	}
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) && !isEmojiMark(r)
}

// isEmojiMark reports whether a mark modifies the emoji before it: a variation selector or a keycap.
func isEmojiMark(r rune) bool { return r == 0x20E3 || 0xFE00 <= r && r <= 0xFE0F }

// IsEmoji reports whether a character is an emoji.
func IsEmoji(r rune) bool {
	const star, twoExclamationMarks = 0x2B50, 0x203C
	return r == star || r == twoExclamationMarks || 0x1F300 <= r && r <= 0x1FAFF || 0x2600 <= r && r <= 0x27BF
}

// IsElided reports whether a word is the elided form of a French or Italian word before a vowel: "l" in "l'ordine",
// "dell" in "dell'ordine".
func IsElided(word string) bool {
	switch strings.ToLower(word) {
	case "l", "d", "n", "j", "m", "t", "s", "c", "qu", "un", "dell", "all", "nell", "sull", "dall", "quell", "quest",
		"jusqu", "lorsqu", "puisqu", "quelqu", "nient", "tutt", "mezz", "cos", "dov", "com", "anch", "bell":
		return true
	}
	return false
}
