package shape

import (
	"strings"
	"unicode"
)

// A card often shows a customer's words within an English line: "שלום · #12 · Open". Without precautions, Unicode's
// bidirectional algorithm would also reorder the text around a Hebrew or Arabic name. Isolation marks prevent that: the
// characters between them are laid out on their own.
const (
	isolate    = '\u2068' // FIRST STRONG ISOLATE
	endIsolate = '\u2069' // POP DIRECTIONAL ISOLATE
)

// isolateWords puts isolation marks around s if it has letters that are written from right to left.
func isolateWords(s string) string {
	for _, r := range s {
		if unicode.In(r, unicode.Arabic, unicode.Hebrew, unicode.Syriac, unicode.Thaana, unicode.Nko, unicode.Adlam) {
			return string(isolate) + s + string(endIsolate)
		}
	}
	return s
}

// WithoutDirectionMarks removes the characters that change the direction of text, which could make a line read differently
// from what it says. It keeps isolation marks if all of them are balanced, because those affect nothing outside.
func WithoutDirectionMarks(s string) string {
	keepsIsolates := hasBalancedIsolates(s)
	return strings.Map(func(r rune) rune {
		isIsolate := r == isolate || r == endIsolate
		if isIsolate && keepsIsolates {
			return r
		}
		if unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, s)
}

// hasBalancedIsolates reports whether the isolation marks of s are balanced, like parentheses.
func hasBalancedIsolates(s string) bool {
	open := 0
	for _, r := range s {
		switch r {
		case isolate:
			open++
		case endIsolate:
			open--
		}
		if open < 0 {
			return false
		}
	}
	return open == 0
}
