package card

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"parley/channels/markdown"
)

// The size of a character in JSON, in bytes of UTF-16. Teams limits the size of messages in this unit.
const (
	unitBytes    = 2             // most characters are one unit of UTF-16
	pairBytes    = 2 * unitBytes // a surrogate pair, or a character with a backslash before it
	escapedBytes = 6 * unitBytes // such as "\u003c" for "<"
)

// maxOneUnit is the last character that is one unit of UTF-16. Higher ones are surrogate pairs.
const maxOneUnit = 0xffff

// utf16Size returns the size of s in bytes of UTF-16.
func utf16Size(s string) int {
	return unitBytes * len(utf16.Encode([]rune(s)))
}

// cutToCost returns the longest beginning of s whose runes cost at most maxCost together, but at least one rune. It
// prefers to cut after a space in the second half, and otherwise cuts between two characters (see markdown.CutAt).
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
	if space := strings.LastIndexByte(head, ' '); space > len(head)/2 {
		return head[:space+1]
	}
	return markdown.CutAt(s, end)
}
