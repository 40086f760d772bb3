package offline

import (
	"strings"

	"parley/bridge/analysis/offline/numeral"
)

// A reference is a number that a helpdesk can look up, such as an order number. Mostly a word announces it: "order 4711".
// This file recognises references that aren't announced: because an agent has asked for one ("Could you give me the order
// number?" – "It's 0098163"), or because the number has a typical form, such as "00340434 2290 0617 7733" on a parcel.

// The number of digits of references that aren't announced.
const (
	maxAnswerDigits   = 9  // of an answer that begins with 0; a phone number has more
	minLabelDigits    = 18 // of a parcel label in groups: "00340434 2290 0617 7733"
	minTrackingDigits = 14 // of a shipment, if the text is about one; a phone number with a country code has fewer
	minCaseDigits     = 10 // of a case number that begins with its year: "2026 0419 8831"
	minMarkedDigits   = 6  // after "no." or "#"
)

// isAnswer reports whether a number that isn't announced is what an agent asked for (f.asked is the kind of it): "its
// 0098163", "0442/26-C". Round numbers, years and phone numbers aren't.
func (f *referenceFinder) isAnswer(n *numberSpan) bool {
	if f.asked == "" || hasOtherBefore(f.t, f.words, n.first, farOther) {
		return false
	}
	digits := numeral.CountDigits(n.value)
	if digits < minReferenceLength {
		return false
	}
	isCountOrYear := n.digitsOnly && (isRound(n.value) || numeral.IsYear(n.value))
	isPhone := n.value[0] == '0' && digits > maxAnswerDigits
	return !isCountOrYear && !isPhone
}

// isRound reports whether a number ends with "00", like many counts and sums.
func isRound(number string) bool { return strings.HasSuffix(number, "00") }

// readGroups checks whether a number that isn't announced forms a reference together with the groups of digits after it,
// like "00340434" in the example above. If so, it extends n by these groups and returns the kind of the reference.
// Otherwise it returns "".
func (f *referenceFinder) readGroups(n *numberSpan) string {
	isDateOrPrice := n.impossible && !n.groupsFollow
	canContinue := n.digitsOnly && !isDateOrPrice && f.t.isOneSpaceAfter(n.last)
	if !canContinue {
		return ""
	}

	isFirstGroup := n.first == 0 || !f.t.isOneSpaceAfter(n.first-1) || !numeral.HasOnlyDigits(f.t.wordAt(n.first-1))
	if !isFirstGroup || hasOtherBefore(f.t, f.words, n.first, farOther) {
		return ""
	}

	wide := *n
	if n.groupsFollow {
		wide.takeGroups(f.t)
	} else {
		wide.addDigits(f.t)
		wide.value = f.t.all[wide.from:wide.to]
	}

	if wide.last == n.last || wide.value == "" {
		return ""
	}

	kind := f.kindOfGroups(&wide)
	if kind != "" {
		*n = wide
		n.digitsOnly = false
	}

	return kind
}

// kindOfGroups returns the kind of reference that groups of digits form, or "" if they aren't a reference. The conditions
// are in order of certainty.
func (f *referenceFinder) kindOfGroups(n *numberSpan) string {
	digits := numeral.CountDigits(n.value)
	if digits >= minLabelDigits {
		return kindShipment
	}

	near := f.kindNear(n.first)
	isAboutShipment := near == kindShipment || f.asked == kindShipment
	beginsWithZero := n.value[0] == '0'
	isMarked := n.hashBefore || hasMarkBefore(f.t, n)
	isPhone := beginsWithZero && digits > maxAnswerDigits
	switch {
	case isAboutShipment && digits >= minTrackingDigits:
		return kindShipment
	case isMarked && digits >= minMarkedDigits && !beginsWithZero: // "no. 556 012"
		return f.kindOfUnannounced(n)
	case f.asked != "" && !isRound(n.value) && !isPhone: // an answer: "556 012"
		return f.asked
	case digits >= minCaseDigits && f.beginsWithYear(n): // a case number: "2026 0419 8831"
		return near
	case isTwoOfThree(n.value) && f.isAfterSubject(n): // "la 550 812"
		return kindOrder
	}
	return ""
}

// beginsWithYear reports whether the first group of a number is a year of this decade.
func (f *referenceFinder) beginsWithYear(n *numberSpan) bool {
	return strings.HasPrefix(n.value, "202") && numeral.IsYear(f.t.wordAt(n.first))
}

// isTwoOfThree reports whether a number is two groups of three digits and isn't round: "550 812", but not "550 810".
func isTwoOfThree(value string) bool {
	return len(value) == len("550 812") && value[3] == ' ' && !strings.HasSuffix(value, "0")
}
