package offline

import (
	"strings"

	"parley/bridge/analysis/offline/numeral"
)

// Numbers that no word announces, but that are references all the same: because an agent asked for one in the
// message before ("Could you give me the order number?"), or because they have the form of a parcel's label or the
// like.

// How many digits a number must have that no word announces, by what it may be.
const (
	mostDigitsOfAnswer  = 9  // of a number that begins with 0 and that an agent asked for; a telephone has more
	leastDigitsOfLabel  = 18 // of a parcel's label, in groups: "00340434 2290 0617 7733"
	leastDigitsOfTrack  = 14 // of a shipment of which the text speaks; a telephone has less, with its country's code
	leastDigitsOfCase   = 10 // of a file that begins with its year: "2026 0419 8831"
	leastDigitsOfMarked = 6  // behind "no." or "#"
)

// isAnswer reports whether a number that no word announces is what an agent asked for: "its 0098163", "0442/26-C". A round
// count, a year and a telephone are none.
func (f *referenceFinder) isAnswer(n *numberSpan) bool {
	if f.asked == "" || hasOtherBefore(f.t, f.words, n.first, farOther) {
		return false
	}
	digits := numeral.CountDigits(n.value)
	if digits < shortestReference {
		return false
	}
	isCountOrYear := n.digitsOnly && (isRound(n.value) || numeral.IsYear(n.value))
	isTelephone := n.value[0] == '0' && digits > mostDigitsOfAnswer
	return !isCountOrYear && !isTelephone
}

// isRound reports whether a number ends with "00", as counts and sums do.
func isRound(number string) bool { return strings.HasSuffix(number, "00") }

// readGroups tries whether a number that no word announces is a reference together with the groups of digits behind it. If so, it
// adds the groups to the number and returns the kind. Otherwise it returns "" and leaves the number as it is.
func (f *referenceFinder) readGroups(n *numberSpan) string {
	isDateOrPrice := n.impossible && !n.groupsFollow
	canGoOn := n.digitsOnly && !isDateOrPrice && f.t.isOneSpaceAfter(n.last)
	if !canGoOn {
		return ""
	}

	isFirst := n.first == 0 || !f.t.isOneSpaceAfter(n.first-1) || !numeral.HasOnlyDigits(f.t.wordAt(n.first-1))
	if !isFirst || hasOtherBefore(f.t, f.words, n.first, farOther) {
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

// kindOfGroups returns the kind of digits in groups that no word announces, "" if they are no reference. The first of these
// conditions counts.
func (f *referenceFinder) kindOfGroups(n *numberSpan) string {
	digits := numeral.CountDigits(n.value)
	if digits >= leastDigitsOfLabel { // "00340434 2290 0617 7733"
		return kindShipment
	}

	near := f.kindNear(n.first)
	isAboutShipment := near == kindShipment || f.asked == kindShipment
	beginsWithZero := n.value[0] == '0'
	isMarked := n.hashBefore || hasMarkBefore(f.t, n)
	isTelephone := beginsWithZero && digits > mostDigitsOfAnswer
	switch {
	case isAboutShipment && digits >= leastDigitsOfTrack:
		return kindShipment
	case isMarked && digits >= leastDigitsOfMarked && !beginsWithZero:
		return f.kindOfUnannounced(n)
	case f.asked != "" && !isRound(n.value) && !isTelephone: // an answer: "556 012"
		return f.asked
	case digits >= leastDigitsOfCase && f.beginsWithYear(n): // a file: "2026 0419 8831"
		return near
	case isTwoOfThree(n.value) && f.isBehindSubject(n): // "la 550 812"
		return kindOrder
	}
	return ""
}

// beginsWithYear reports whether the first group of a number is a year of this decade, of which the files are.
func (f *referenceFinder) beginsWithYear(n *numberSpan) bool {
	return strings.HasPrefix(n.value, "202") && numeral.IsYear(f.t.wordAt(n.first))
}

// isTwoOfThree reports whether a number is two groups of three digits, and no round sum as "550 810" may be.
func isTwoOfThree(value string) bool {
	return len(value) == len("550 812") && value[3] == ' ' && !strings.HasSuffix(value, "0")
}
