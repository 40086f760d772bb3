package markdown

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Cut returns at most the first n runes of s. See CutAt.
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

// CutAt returns the first end bytes of s, or a little less, so that it doesn't split a letter from its
// accents or an emoji that is composed of several. It splits those too if less than half would remain. It may
// split the two letters of a flag.
func CutAt(s string, end int) string {
	head := s[:end]
	if whole := len(head) - joinedTail(head, s[end:]); whole > len(head)/2 {
		return head[:whole]
	}
	return head
}

// joinedTail returns how many bytes at the end of head belong to one character with the beginning of rest.
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

// zeroWidthJoiner joins several emojis into one: 👩 and 🚀 into an astronaut.
const zeroWidthJoiner = '\u200d'

// isPartOfPrevious reports whether a rune modifies the character before it: an accent, a skin tone or a joiner.
func isPartOfPrevious(r rune) bool {
	isSkinTone := r >= '\U0001f3fb' && r <= '\U0001f3ff'
	return isSkinTone || r == zeroWidthJoiner || unicode.Is(unicode.M, r)
}

// cutInLine returns where to end a chunk within a line: between two characters, and not between a backslash
// and the character that it escapes.
func cutInLine(line string) int {
	head := Cut(line, maxChunkBytes/utf8.UTFMax)
	backslashes := len(head) - len(strings.TrimRight(head, `\`))
	if backslashes%2 == 1 {
		return len(head) - 1
	}
	return len(head)
}
