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

// isolateWords puts words that are written from right to left between Unicode's isolation marks, so that
// they don't change the direction of the text beside them.
func isolateWords(s string) string {
	for _, r := range s {
		if unicode.In(r, unicode.Arabic, unicode.Hebrew, unicode.Syriac, unicode.Thaana, unicode.Nko, unicode.Adlam) {
			return string(isolate) + s + string(endIsolate)
		}
	}
	return s
}

// WithoutDirectionMarks removes the characters that change the direction of writing. Isolation marks stay if they are in
// pairs: then they change nothing outside of them, and without them a Hebrew name would run into the number beside it.
func WithoutDirectionMarks(s string) string {
	paired := hasPairedIsolates(s)
	return strings.Map(func(r rune) rune {
		isIsolate := r == isolate || r == endIsolate
		mayStay := paired && isIsolate
		if unicode.Is(unicode.Bidi_Control, r) && !mayStay {
			return -1
		}
		return r
	}, s)
}

// hasPairedIsolates reports whether each isolation mark of s is ended, and none is ended before it began.
func hasPairedIsolates(s string) bool {
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
