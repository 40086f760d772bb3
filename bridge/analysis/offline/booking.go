package offline

import (
	"slices"
	"strings"

	"parley/bridge/analysis/offline/numeral"
)

// bookingCodeLength is the length of the booking codes of flights and hotels.
const bookingCodeLength = 6

// findBookingCodes returns the booking codes that consist of six capital letters, such as "QWHRTZ" in "my booking
// reference is QWHRTZ". Since such a code looks like a shouted word, it must follow words that announce a booking code.
// Codes with digits are found like other numbers.
func findBookingCodes(t *text) []string {
	var codes []string
	for i := 1; i < len(t.tokens); i++ {
		word := t.wordAt(i)
		if len(word) != bookingCodeLength || !numeral.HasOnlyCapitals(word) {
			continue
		}
		if !isShouted(t.wordAt(i-1)) && t.isBookingAnnounced(i) {
			codes = append(codes, word)
		}
	}
	return codes
}

// isBookingAnnounced reports whether the five words before the word i, in its sentence, mention a booking and a code. Both
// may be the same word: "Buchungscode".
func (t *text) isBookingAnnounced(i int) bool {
	hasBooking, hasCode := false, false
	for before := i - 1; before >= max(0, i-maxWordsBefore) && t.tokens[before].sentence == t.tokens[i].sentence; before-- {
		form := t.tokens[before].form
		hasBooking = hasBooking || isBooking(form)
		hasCode = hasCode || isBookingCodeWord(form)
	}
	return hasBooking && hasCode
}

// hasBookingBefore reports whether the sentence mentions a booking before the word end.
func (t *text) hasBookingBefore(end int) bool {
	first, _ := t.sentenceOf(end)
	for i := first; i < end; i++ {
		if isBooking(t.tokens[i].form) {
			return true
		}
	}
	return false
}

// isBookingCodeWord reports whether a word may announce a code: "reference", "no", "PNR", "Buchungsnummer".
func isBookingCodeWord(form string) bool {
	if codeWords.has(form) || isVague(form) || marks.has(form) {
		return true
	}
	if form == "pnr" || strings.HasPrefix(form, "locali") {
		return true
	}
	isCode := strings.HasSuffix(form, "code") || strings.HasSuffix(form, "nummer")
	return isCode && isBooking(form)
}

// isBooking reports whether a word means a booking or its code, in one of our languages.
func isBooking(form string) bool {
	stems := []string{"booking", "reserv", "buchung", "prenotaz", "rezerwac", "boeking", "pnr", "localizador", "localizzatore"}
	return slices.ContainsFunc(stems, func(stem string) bool { return strings.HasPrefix(form, stem) })
}
