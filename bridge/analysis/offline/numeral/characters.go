// Package numeral tells by the characters of a number alone what it may be: a date, a price, a parcel's number, or
// something that looks like the number of an order wherever it stands.
//
// What does not belong here: the words around a number (bridge/analysis/offline).
package numeral

import "strings"

// The characters of which numbers are made.
const (
	Digits   = "0123456789"
	Capitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

// IsDigit reports whether a byte is a digit of ASCII.
func IsDigit(c byte) bool { return c >= '0' && c <= '9' }

// IsCapital reports whether a byte is a capital of ASCII.
func IsCapital(c byte) bool { return c >= 'A' && c <= 'Z' }

// IsSmallLetter reports whether a byte is a small letter of ASCII.
func IsSmallLetter(c byte) bool { return c >= 'a' && c <= 'z' }

func isInSet(c byte, characters string) bool { return strings.IndexByte(characters, c) >= 0 }

// IsLetter reports whether a byte is a letter of ASCII.
func IsLetter(c byte) bool { return IsSmallLetter(c) || IsCapital(c) }

// HasOnly reports whether a text has no other characters than these. That is true of an empty text.
func HasOnly(s, characters string) bool { return strings.Trim(s, characters) == "" }

// HasOnlyDigits reports whether a text has no other characters than digits.
func HasOnlyDigits(s string) bool { return HasOnly(s, Digits) }

// HasOnlyCapitals reports whether a text has no other characters than capitals.
func HasOnlyCapitals(s string) bool { return HasOnly(s, Capitals) }

// isLike reports whether a text has only digits, as many as an example.
func isLike(s, example string) bool { return len(s) == len(example) && HasOnlyDigits(s) }

// splitAt cuts a number at hyphens, strokes or other marks. Parts without characters are left out.
func splitAt(value, marks string) []string {
	return strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(marks, r) })
}

// HasDigit reports whether a text has a digit.
func HasDigit(s string) bool { return strings.ContainsAny(s, Digits) }

// IsWithin reports whether n lies between two numbers, or is one of them.
func IsWithin(n, least, most int) bool { return n >= least && n <= most }

// CountDigits counts the digits of a text.
func CountDigits(s string) int {
	count := 0
	for i := range len(s) {
		if IsDigit(s[i]) {
			count++
		}
	}
	return count
}

// PrefixLength says how many bytes stand before the first digit of a text.
func PrefixLength(s string) int {
	n := 0
	for n < len(s) && !IsDigit(s[n]) {
		n++
	}
	return n
}
