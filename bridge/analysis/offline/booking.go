package offline

import "strings"

// bookingCodes finds the codes of bookings that are six capitals and have no digit: "booking reference QWHRTZ". They are
// found right behind words that say that such a code follows.
func bookingCodes(t *text) (codes []string) {
	for i := 1; i < len(t.tokens); i++ {
		word := t.all[t.tokens[i].from:t.tokens[i].to]
		if len(word) == 6 && strings.Trim(word, capitals) == "" && !shouts(t.all[t.tokens[i-1].from:t.tokens[i-1].to]) && t.announcesBooking(i) {
			codes = append(codes, word)
		}
	}
	return codes
}

// announcesBooking says whether one of the five words before a place names a booking, and one of them a code.
func (t *text) announcesBooking(at int) bool {
	booking, code := false, false
	for i := at - 1; i >= 0 && i >= at-5 && t.tokens[i].sentence == t.tokens[at].sentence; i-- {
		form := t.tokens[i].form
		booking = booking || isBooking(form)
		code = code || isCodeWord(form) || isVague(form) || isMark(form) || form == "pnr" || strings.HasPrefix(form, "locali") ||
			isBooking(form) && (strings.HasSuffix(form, "code") || strings.HasSuffix(form, "nummer"))
	}
	return booking && code
}

// isBooking says whether a word names a booking, or the code of one.
func isBooking(form string) bool {
	for _, head := range []string{"booking", "reserv", "buchung", "prenotaz", "rezerwac", "boeking", "pnr", "localizador", "localizzatore"} {
		if strings.HasPrefix(form, head) {
			return true
		}
	}
	return false
}
