package card

import (
	"strings"
	"unicode/utf8"
)

// Bytes of UTF-16 that a character takes in JSON.
const (
	unitBytes    = 2             // most characters are one unit of UTF-16
	pairBytes    = 2 * unitBytes // a surrogate pair, or a character with a backslash before it
	escapedBytes = 6 * unitBytes // such as "\u003c" for "<"
)

// maxOneUnit is the last character that is one unit of UTF-16; those above it are surrogate pairs.
const maxOneUnit = 0xffff

// utf16Size returns how many bytes s takes as UTF-16. Teams counts the size of a message so.
func utf16Size(s string) int {
	n := 0
	for _, r := range s {
		n += unitBytes
		if r > maxOneUnit {
			n += unitBytes // a surrogate pair
		}
	}
	return n
}

// cutToCost returns the beginning of s whose runes together cost at most maxCost, but at least one rune. It cuts after a
// space if there is one in the second half. Otherwise it doesn't part a letter from its accents, or an emoji that is joined
// of several, unless less than half would be left. The two letters of a flag may be parted.
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
	half := len(head) / 2
	if space := strings.LastIndexByte(head, ' '); space > half {
		return head[:space+1]
	}
	if whole := len(head) - joinedTail(head, s[end:]); whole > half {
		return head[:whole]
	}

	return head
}

// joinedTail returns how many bytes at the end of head are one character with the beginning of rest.
func joinedTail(head, rest string) int {
	n := 0
	next, _ := utf8.DecodeRuneInString(rest)
	for n < len(head) {
		r, size := utf8.DecodeLastRuneInString(head[:len(head)-n])
		isOneCharacter := isPartOfPrevious(next) || r == zeroWidthJoiner
		if !isOneCharacter {
			break
		}
		n, next = n+size, r
	}
	return n
}

// zeroWidthJoiner joins several emoji to one: 👩 and 🚀 to an astronaut.
const zeroWidthJoiner = '\u200d'

// isPartOfPrevious reports whether a rune changes the character before it, and is no character of its own.
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
	case r >= '\u20d0' && r <= '\u20ff': // marks around a symbol, such as the box of a keycap
		return true
	}
	return false
}
