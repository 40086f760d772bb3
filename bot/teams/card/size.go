package card

import (
	"strings"
	"unicode/utf8"
)

// utf16Size returns how many bytes s takes as UTF-16: so Teams counts the size of messages.
func utf16Size(s string) int {
	n := 0
	for _, r := range s {
		n += 2
		if r > 0xffff {
			n += 2
		}
	}
	return n
}

// cutToCost returns the beginning of s whose runes together cost at most maxCost, but at least one rune. It prefers to cut
// after a word. Otherwise it keeps a character and its accents, or the parts of an emoji, together, unless that would leave
// less than half.
func cutToCost(s string, maxCost int, cost func(rune) int) string {
	spent, end := 0, 0
	for end < len(s) {
		r, size := utf8.DecodeRuneInString(s[end:])
		spent += cost(r)
		if spent > maxCost && end > 0 {
			break
		}
		end += size
	}
	if end >= len(s) {
		return s
	}
	head := s[:end]
	if at := strings.LastIndexByte(head, ' '); at > len(head)/2 {
		return head[:at+1]
	}
	if whole := len(head) - joinedTail(head, s[end:]); whole > len(head)/2 {
		return head[:whole]
	}
	return head
}

// joinedTail returns how many bytes at the end of head belong together with the beginning of rest, like a letter with its
// accents or the parts of an emoji.
func joinedTail(head, rest string) int {
	n := 0
	next, _ := utf8.DecodeRuneInString(rest)
	for n < len(head) {
		r, size := utf8.DecodeLastRuneInString(head[:len(head)-n])
		if !joinsPrevious(next) && r != zeroWidthJoiner {
			return n
		}
		n, next = n+size, r
	}
	return n
}

// zeroWidthJoiner joins several emoji to one.
const zeroWidthJoiner = '\u200d'

// joinsPrevious reports whether a rune belongs to the character before it: as a joiner, a variation selector, a skin tone,
// an accent or a mark around a symbol.
func joinsPrevious(r rune) bool {
	isVariation := r >= 0xfe00 && r <= 0xfe0f
	isSkinTone := r >= 0x1f3fb && r <= 0x1f3ff
	isAccent := r >= 0x300 && r <= 0x36f
	isSymbolMark := r >= 0x20d0 && r <= 0x20ff
	return r == zeroWidthJoiner || isVariation || isSkinTone || isAccent || isSymbolMark
}
