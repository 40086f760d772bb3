package whatsapp

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"parley/channels/graph"
)

// This file has the forms in which texts are shown that customers and WhatsApp write: as one line, shortened, and so on.

// How many characters are kept of what customers and WhatsApp write, by what it is.
const (
	maxWord   = 40   // a constant, a phone number, a date
	maxName   = 100  // a person, a company, an article
	maxTitle  = 200  // a place, a file, the description of a choice
	maxReason = 300  // why something failed; a line of an advertisement
	maxDetail = 500  // an address, a longer explanation
	maxAnswer = 1000 // what was filled into a field of a form
)

// clippedLine returns a text of a customer or of WhatsApp as one line of at most maxRunes characters.
func clippedLine(s loose, maxRunes int) string {
	text := strings.Join(strings.FieldsFunc(string(s), isGap), " ")
	return graph.ClipText(text, maxRunes)
}

// isGap reports whether clippedLine replaces a character by a space: white space, control characters, what isn't UTF-8, and the marks
// that override the direction of writing, which can make a text look like another one.
func isGap(r rune) bool {
	const leftToRight, rightToLeft = '\u202d', '\u202e'
	switch r {
	case leftToRight, rightToLeft, unicode.ReplacementChar:
		return true
	}
	return unicode.IsSpace(r) || unicode.IsControl(r)
}

// joinNonEmpty joins the texts that are not empty.
func joinNonEmpty(by string, list ...string) string {
	var kept []string
	for _, s := range list {
		if s != "" {
			kept = append(kept, s)
		}
	}
	return strings.Join(kept, by)
}

// maxListLines is how many items of a form, an order or a contact card are shown.
const maxListLines = 100

// firstItems returns the first items of a list, and a line that says how many more there are, or "".
func firstItems[T any](list []T) (shown []T, more string) {
	if len(list) <= maxListLines {
		return list, ""
	}
	return list[:maxListLines], fmt.Sprintf("- … and %d more", len(list)-maxListLines)
}

// numberText writes a number with all its decimals and without an exponent.
func numberText(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
