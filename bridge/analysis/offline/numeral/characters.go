// Package numeral classifies numbers in a text by their form: "05.12.2026" is a date, "1Z999AA10123456784" is a parcel
// number, and "RG-1183" looks like a reference, which is a number that a helpdesk can look up.
//
// It doesn't know the words around a number. Package offline combines both.
package numeral

import "strings"

// Sets of characters for HasOnly.
const (
	Digits   = "0123456789"
	Capitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

// IsDigit reports whether a byte is an ASCII digit.
func IsDigit(c byte) bool { return c >= '0' && c <= '9' }

// IsCapital reports whether a byte is an upper case ASCII letter.
func IsCapital(c byte) bool { return c >= 'A' && c <= 'Z' }

// IsSmallLetter reports whether a byte is a lower case ASCII letter.
func IsSmallLetter(c byte) bool { return c >= 'a' && c <= 'z' }

func isInSet(c byte, characters string) bool { return strings.IndexByte(characters, c) >= 0 }

// IsLetter reports whether a byte is an ASCII letter.
func IsLetter(c byte) bool { return IsSmallLetter(c) || IsCapital(c) }

// HasOnly reports whether a text consists only of the given characters, which must be ASCII. It is true for an empty text.
func HasOnly(s, characters string) bool { return strings.Trim(s, characters) == "" }

// HasOnlyDigits reports whether a text consists only of ASCII digits. It is true for an empty text.
func HasOnlyDigits(s string) bool { return HasOnly(s, Digits) }

// HasOnlyCapitals reports whether a text consists only of upper case ASCII letters. It is true for an empty text.
func HasOnlyCapitals(s string) bool { return HasOnly(s, Capitals) }

// isLike reports whether a text consists of as many digits as an example: isLike(s, "123") is true for three digits.
func isLike(s, example string) bool { return len(s) == len(example) && HasOnlyDigits(s) }

// splitAt splits a number at separators such as hyphens or slashes. It omits empty parts.
func splitAt(value, separators string) []string {
	return strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(separators, r) })
}

// HasDigit reports whether a text contains an ASCII digit.
func HasDigit(s string) bool { return strings.ContainsAny(s, Digits) }

// IsWithin reports whether n is in the range from least to most, inclusive.
func IsWithin(n, least, most int) bool { return n >= least && n <= most }

// CountDigits returns the number of ASCII digits in a text.
func CountDigits(s string) int {
	count := 0
	for i := range len(s) {
		if IsDigit(s[i]) {
			count++
		}
	}
	return count
}

// PrefixLength returns the number of bytes before the first digit of a text.
func PrefixLength(s string) int {
	n := 0
	for n < len(s) && !IsDigit(s[n]) {
		n++
	}
	return n
}
