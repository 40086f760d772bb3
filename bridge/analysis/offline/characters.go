package offline

import "strings"

// The characters of which numbers are made.
const (
	digitSet   = "0123456789"
	capitalSet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isCapital(c byte) bool { return c >= 'A' && c <= 'Z' }

func isSmallLetter(c byte) bool { return c >= 'a' && c <= 'z' }

func isInSet(c byte, characters string) bool { return strings.IndexByte(characters, c) >= 0 }

// hasOnly says whether a text has no other characters than these. That is true of an empty text.
func hasOnly(s, characters string) bool { return strings.Trim(s, characters) == "" }

func hasOnlyDigits(s string) bool { return hasOnly(s, digitSet) }

func hasOnlyCapitals(s string) bool { return hasOnly(s, capitalSet) }

func hasDigit(s string) bool { return strings.ContainsAny(s, digitSet) }

// isWithin says whether n lies between two numbers, or is one of them.
func isWithin(n, least, most int) bool { return n >= least && n <= most }

func countDigits(s string) int {
	count := 0
	for i := range len(s) {
		if isDigit(s[i]) {
			count++
		}
	}
	return count
}

// prefixLength says how many bytes stand before the first digit of a text.
func prefixLength(s string) int {
	n := 0
	for n < len(s) && !isDigit(s[n]) {
		n++
	}
	return n
}
