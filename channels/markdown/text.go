package markdown

import (
	"math"
	"strings"
	"unicode"
	"unicode/utf8"
)

// FindURLs returns the positions of web addresses in s as pairs of start and end, where the end is exclusive.
// Punctuation that belongs to the surrounding sentence is excluded: in "(see https://shop.example/a)." the
// address ends with "a".
func FindURLs(s string) [][2]int {
	var out [][2]int
	for at := 0; at < len(s); {
		colon := strings.Index(s[at:], "://")
		if colon < 0 {
			break
		}

		colon += at
		start := colon
		for start > at && isLetter(s[start-1]) {
			start--
		}

		host := colon + len("://")
		at = host

		if !isWebScheme(s[start:colon]) || isInsideWord(s, start) {
			continue // don't search for its end: in a long word with many "://" that would take quadratic time
		}

		end := host
		for end < len(s) && !isURLEnd(s[end:]) {
			end++
		}

		end = start + len(trimURL(s[start:end]))
		if end > host+1 {
			out = append(out, [2]int{start, end})
			at = end
		}
	}

	return out
}

// isWebScheme reports whether FindURLs finds addresses with this scheme.
func isWebScheme(scheme string) bool {
	return strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https")
}

// isInsideWord reports whether a letter or digit precedes position at of s.
func isInsideWord(s string, at int) bool {
	before, _ := utf8.DecodeLastRuneInString(s[:at])
	return at > 0 && isWordRune(before)
}

// isURLEnd reports whether s begins with a character that can't be part of a URL: white space, a control
// character, an angle bracket, a quote, or a private-use character.
func isURLEnd(s string) bool {
	if s[0] < utf8.RuneSelf {
		return s[0] <= ' ' || strings.IndexByte("<>\"`\x7f", s[0]) >= 0
	}
	r, _ := utf8.DecodeRuneInString(s)
	return unicode.IsSpace(r) || unicode.Is(unicode.Co, r)
}

// trimURL removes trailing characters of a URL that belong to the surrounding sentence: punctuation, or a
// closing bracket whose opening one precedes the URL.
func trimURL(u string) string {
	var spare [math.MaxUint8 + 1]int // for each closing bracket: how many have no opening one in u
	for i := range len(u) {
		switch c := u[i]; c {
		case ')', ']', '}':
			spare[c]++
		case '(':
			spare[')']--
		case '[':
			spare[']']--
		case '{':
			spare['}']--
		}
	}

	for u != "" {
		c := u[len(u)-1]
		if spare[c] > 0 {
			spare[c]--
		} else if strings.IndexByte(".,;:!?'*_~", c) < 0 {
			break
		}

		u = u[:len(u)-1]
	}

	return u
}

// Maximum lengths of entities in Markdown. The limits of digits are those of CommonMark.
const (
	maxEntityBytes = 32 // longer than any known name
	maxHexDigits   = 6
	maxDigits      = 7
)

// IsEntity reports whether s, the text after an ampersand, begins with an entity that Markdown resolves:
// "#10;", "#x1F;", "amp;".
func IsEntity(s string) bool {
	end := strings.IndexByte(s[:min(len(s), maxEntityBytes+1)], ';')
	if end < 2 {
		return false
	}

	name := s[:end]
	if name[0] != '#' {
		return isLetter(name[0]) && containsOnly(name, isNameByte)
	}

	if name[1] == 'x' || name[1] == 'X' {
		digits := name[len("#x"):]
		if digits == "" || len(digits) > maxHexDigits {
			return false
		}
		return containsOnly(digits, isHexDigit)
	}

	digits := name[len("#"):]
	return len(digits) <= maxDigits && containsOnly(digits, isDigit)
}

// containsOnly reports whether allowed holds for each byte of s.
func containsOnly(s string, allowed func(byte) bool) bool {
	for i := range len(s) {
		if !allowed(s[i]) {
			return false
		}
	}
	return true
}

// isNameByte reports whether the name of an entity may contain c.
func isNameByte(c byte) bool { return isLetter(c) || isDigit(c) }

func isHexDigit(c byte) bool {
	switch {
	case isDigit(c), c >= 'a' && c <= 'f', c >= 'A' && c <= 'F':
		return true
	}
	return false
}

// LongestRun returns the length of the longest run of c in text. A fence around code has to be longer than
// any run of its character in the code.
func LongestRun(text string, c byte) int {
	longest, run := 0, 0
	for i := range len(text) {
		if text[i] != c {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}

// isWordRune reports whether r is part of a word.
func isWordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// isLetter reports whether c is an ASCII letter.
func isLetter(c byte) bool {
	isSmall := c >= 'a' && c <= 'z'
	isCapital := c >= 'A' && c <= 'Z'
	return isSmall || isCapital
}

// isDigit reports whether c is an ASCII digit.
func isDigit(c byte) bool { return c >= '0' && c <= '9' }
