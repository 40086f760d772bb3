package card

import (
	"strings"
	"unicode/utf8"
)

// wide is how many bytes s takes as UTF-16, which is how Teams counts the size of messages.
func wide(s string) int {
	n := 0
	for _, r := range s {
		n += 2
		if r > 0xffff {
			n += 2
		}
	}
	return n
}

// cutCost gives the beginning of s whose runes together cost at most so much, but at least one rune. It
// prefers to cut after a word. Else it keeps a character and its accents, or the parts of an emoji,
// together, unless that would leave less than half.
func cutCost(s string, most int, cost func(rune) int) string {
	n, last := 0, 0
	for last < len(s) {
		r, size := utf8.DecodeRuneInString(s[last:])
		if n += cost(r); n > most && last > 0 {
			break
		}
		last += size
	}
	if last >= len(s) {
		return s
	}
	head := s[:last]
	if at := strings.LastIndexByte(head, ' '); at > len(head)/2 {
		return head[:at+1]
	}
	if whole := len(head) - tail(head, s[last:]); whole > len(head)/2 {
		return head[:whole]
	}
	return head
}

// tail counts the bytes at the end of head that belong together with the beginning of rest, like a
// letter with its accents or the parts of an emoji.
func tail(head, rest string) int {
	joins := func(r rune) bool {
		return r == 0x200d || r >= 0xfe00 && r <= 0xfe0f || r >= 0x1f3fb && r <= 0x1f3ff || r >= 0x300 && r <= 0x36f || r >= 0x20d0 && r <= 0x20ff
	}
	n := 0
	next, _ := utf8.DecodeRuneInString(rest)
	for n < len(head) {
		r, size := utf8.DecodeLastRuneInString(head[:len(head)-n])
		if !joins(next) && r != 0x200d {
			return n
		}
		n, next = n+size, r
	}
	return n
}
