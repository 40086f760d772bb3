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

// Straight removes the characters that change the direction of writing. Isolation marks stay if they are in pairs:
// then they change nothing outside of them, and without them a Hebrew name would run into the number beside it.
func Straight(s string) string {
	paired := isolatesInPairs(s)
	return strings.Map(func(r rune) rune {
		mayStay := paired && (r == isolate || r == endIsolate)
		if changesDirection(r) && !mayStay {
			return -1
		}
		return r
	}, s)
}

// isolatesInPairs reports whether each isolation mark of s is ended, and none is ended before it began.
func isolatesInPairs(s string) bool {
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

// changesDirection reports whether a character changes the direction of text: embeddings and overrides, isolates, and
// the three marks of a direction.
func changesDirection(r rune) bool {
	return r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0x200e || r == 0x200f || r == 0x061c
}
