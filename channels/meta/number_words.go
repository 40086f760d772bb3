package meta

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// This file formats texts from customers and from WhatsApp for display: in one line, shortened, and without
// control characters.

// Maximum lengths in characters, by the kind of text.
const (
	maxWord      = 40   // a constant, a phone number, a date
	maxName      = 100  // a person, a company, an article
	maxTitle     = 200  // a place, a file, the description of a choice
	maxReason    = 300  // why something failed; a line of an advertisement
	maxDetail    = 500  // an address, a longer explanation
	maxFormValue = 1000 // the value of a form's field
)

// clippedLine returns a text from outside as one line of at most maxRunes characters.
func clippedLine(s loose, maxRunes int) string {
	text := strings.Join(strings.FieldsFunc(string(s), isGap), " ")
	return clipText(text, maxRunes)
}

// isGap reports whether clippedLine replaces a character with a space: white space, control characters,
// invalid UTF-8, and direction overrides, which can make a text look like a different one.
func isGap(r rune) bool {
	const leftToRight, rightToLeft = '\u202d', '\u202e'
	switch r {
	case leftToRight, rightToLeft, unicode.ReplacementChar:
		return true
	}
	return unicode.IsSpace(r) || unicode.IsControl(r)
}

// joinNonEmpty joins the non-empty texts.
func joinNonEmpty(by string, list ...string) string {
	var kept []string
	for _, s := range list {
		if s != "" {
			kept = append(kept, s)
		}
	}
	return strings.Join(kept, by)
}

// maxListLines is the maximum number of displayed items of a form, an order or a contact card.
const maxListLines = 100

// firstItems returns the first items of a list. If there are more, more is a line with their number, and
// otherwise "".
func firstItems[T any](list []T) (shown []T, more string) {
	if len(list) <= maxListLines {
		return list, ""
	}
	return list[:maxListLines], fmt.Sprintf("- … and %d more", len(list)-maxListLines)
}

// numberText formats a number with all its decimals and without an exponent.
func numberText(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
