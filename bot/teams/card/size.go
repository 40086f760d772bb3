package card

import (
	"strings"
	"unicode/utf8"

	"parley/channels/markdown"
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
// space if there is one in the second half, and otherwise between two characters (markdown.CutAt).
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
