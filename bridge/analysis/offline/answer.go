package offline

import (
	"strings"

	"parley/bridge/analysis/offline/numeral"
)

// Where an agent asked for a number, what else would be too little is one: "its 0098163".
const (
	mostDigitsOfAnswer = 9 // a telephone that begins with 0 has more
	leastDigitsOfLabel = 18
	leastDigitsOfTrack = 14 // a telephone has less, with its country's code
	leastDigitsOfCase  = 10

	leastDigitsOfMarked = 6 // behind "no."
)

// isAnswer reports whether a number that no word announces is what an agent asked for: "its 0098163", "0442/26-C". A round
// count, a year and a telephone are none.
func (f *referenceFinder) isAnswer(n *numberSpan) bool {
	if f.asked == "" || hasOtherBefore(f.t, f.words, n.first, farOther) {
		return false
	}
	digits := numeral.CountDigits(n.value)
	if digits < shortestReference || n.digitsOnly && (numeral.IsYear(n.value) || strings.HasSuffix(n.value, "00")) {
		return false
	}
	return n.value[0] != '0' || digits <= mostDigitsOfAnswer
}

// readGroups adds to a number that no word announces the groups of digits behind it, where it is a reference so, and gives
// its kind. It is "" where it is none, and the number stays as it is.
func (f *referenceFinder) readGroups(n *numberSpan) string {
	if !n.digitsOnly || n.impossible && !n.groupsFollow || !f.t.isOneSpaceAfter(n.last) {
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

// kindOfGroups returns the kind of digits in groups that no word announces, "" if they are no reference: of a label
// "00340434 2290 0617 7733", of an answer "556 012", of a file "2026 0419 8831", of an order "la 550 812".
func (f *referenceFinder) kindOfGroups(n *numberSpan) string {
	digits := numeral.CountDigits(n.value)
	if digits >= leastDigitsOfLabel {
		return kindShipment
	}

	kind := f.kindNear(n.first)
	if digits >= leastDigitsOfTrack && (kind == kindShipment || f.asked == kindShipment) {
		return kindShipment
	}

	isMarked := n.hashBefore || hasMarkBefore(f.t, n)
	if isMarked && digits >= leastDigitsOfMarked && n.value[0] != '0' {
		return f.kindOfUnannounced(n)
	}

	isRound := strings.HasSuffix(n.value, "00")
	if f.asked != "" && !isRound && (n.value[0] != '0' || digits <= mostDigitsOfAnswer) {
		return f.asked
	}
	if digits >= leastDigitsOfCase && strings.HasPrefix(n.value, "202") && numeral.IsYear(f.t.wordAt(n.first)) {
		return kind
	}

	isOfSix := len(n.value) == len("550 812") && n.value[3] == ' ' && !strings.HasSuffix(n.value, "0")
	if isOfSix && f.isBehindSubject(n) {
		return kindOrder
	}

	return ""
}
