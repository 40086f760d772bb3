package offline

import (
	"slices"
	"strings"

	"parley/bridge/analysis/offline/numeral"
)

// Codes of flights and hotels may be six capitals without a digit, such as QWHRTZ, which look like a shouted word.
// They are found only behind words that announce a booking's code.

// bookingCodeLength is how long the codes of flights and hotels are.
const bookingCodeLength = 6

// findBookingCodes finds the codes of bookings that are six capitals and have no digit: "booking reference QWHRTZ". They
// are found right behind words that say that such a code follows.
func findBookingCodes(t *text) (codes []string) {
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

// isBookingAnnounced reports whether one of the five words before a place names a booking, and one of them a code.
func (t *text) isBookingAnnounced(at int) bool {
	hasBooking, hasCode := false, false
	for i := at - 1; i >= max(0, at-mostWordsBefore) && t.tokens[i].sentence == t.tokens[at].sentence; i-- {
		form := t.tokens[i].form
		hasBooking = hasBooking || isBooking(form)
		hasCode = hasCode || isBookingCodeWord(form)
	}
	return hasBooking && hasCode
}

// hasBookingBefore reports whether a word before a place, in its sentence, names a booking.
func (t *text) hasBookingBefore(at int) bool {
	first, _ := t.sentenceOf(at)
	for i := first; i < at; i++ {
		if isBooking(t.tokens[i].form) {
			return true
		}
	}
	return false
}

// isBookingCodeWord reports whether a word may say that the code of a booking follows.
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

// isBooking reports whether a word names a booking, or the code of one.
func isBooking(form string) bool {
	heads := []string{"booking", "reserv", "buchung", "prenotaz", "rezerwac", "boeking", "pnr", "localizador", "localizzatore"}
	return slices.ContainsFunc(heads, func(head string) bool { return strings.HasPrefix(form, head) })
}
