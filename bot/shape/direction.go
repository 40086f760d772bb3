package shape

import (
	"strings"
	"unicode"
)

// Unicode's marks around words that have a direction of their own.
const (
	isolate    = '\u2068'
	endIsolate = '\u2069'
)

// isolated puts words that are written from right to left between Unicode's isolation marks, so that
// they don't change the direction of the text beside them.
func isolated(s string) string {
	for _, r := range s {
		if unicode.In(r, unicode.Arabic, unicode.Hebrew, unicode.Syriac, unicode.Thaana, unicode.Nko, unicode.Adlam) {
			return string(isolate) + s + string(endIsolate)
		}
	}
	return s
}

// Straight removes the characters that change the direction of writing. The marks around isolated words stay where each
// has its other one: these can change nothing outside of them, and without them a Hebrew name runs into the number beside it.
func Straight(s string) string {
	open, paired := 0, true
	for _, r := range s {
		switch r {
		case isolate:
			open++
		case endIsolate:
			open--
			paired = paired && open >= 0
		}
	}
	paired = paired && open == 0
	return strings.Map(func(r rune) rune {
		if turns(r) && !(paired && (r == isolate || r == endIsolate)) {
			return -1
		}
		return r
	}, s)
}

// turns says whether a character changes the direction of text.
func turns(r rune) bool {
	return r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0x200e || r == 0x200f || r == 0x061c
}
