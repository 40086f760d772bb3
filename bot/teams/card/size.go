package card

import (
	"strings"
	"unicode/utf8"
)

// utf16Size returns how many bytes s takes as UTF-16: so Teams counts the size of messages.
func utf16Size(s string) int {
	n := 0
	for _, r := range s {
		n += unitBytes
		if r > maxOneUnit {
			n += unitBytes
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
		if !isPartOfPrevious(next) && r != zeroWidthJoiner {
			return n
		}
		n, next = n+size, r
	}
	return n
}

// zeroWidthJoiner joins several emoji to one.
const zeroWidthJoiner = '\u200d'

// isPartOfPrevious reports whether a rune belongs to the character before it: as a joiner, a variation selector, a skin tone,
// an accent or a mark around a symbol.
func isPartOfPrevious(r rune) bool {
	switch {
	case r == zeroWidthJoiner:
		return true
	case r >= '\ufe00' && r <= '\ufe0f': // variation selectors
		return true
	case r >= '\U0001f3fb' && r <= '\U0001f3ff': // skin tones
		return true
	case r >= '\u0300' && r <= '\u036f': // accents
		return true
	}
	return r >= '\u20d0' && r <= '\u20ff' // marks around a symbol, such as the box of a keycap
}
