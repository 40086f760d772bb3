package markdown

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Cut returns the beginning of s, n runes at most. It cuts as CutAt does.
func Cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	i := 0
	for range n {
		_, size := utf8.DecodeRuneInString(s[i:])
		i += size
	}
	return CutAt(s, i)
}

// CutAt returns the first end bytes of s, or a little less: it doesn't part a letter from its accents, or an emoji that is
// joined of several, unless less than half would be left. The two letters of a flag may be parted.
func CutAt(s string, end int) string {
	head := s[:end]
	if whole := len(head) - joinedTail(head, s[end:]); whole > len(head)/2 {
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

// isPartOfPrevious reports whether a rune changes the character before it, and is no character of its own: an accent, a
// skin tone, a joiner.
func isPartOfPrevious(r rune) bool {
	isSkinTone := r >= '\U0001f3fb' && r <= '\U0001f3ff'
	return isSkinTone || r == zeroWidthJoiner || unicode.Is(unicode.M, r)
}

// cutInLine returns where a chunk ends that has no line end: between two characters, and not between a
// backslash and the sign that the backslash protects.
func cutInLine(line string) int {
	head := Cut(line, maxChunkBytes/utf8.UTFMax)
	backslashes := len(head) - len(strings.TrimRight(head, `\`))
	if backslashes%2 == 1 {
		return len(head) - 1
	}
	return len(head)
}
