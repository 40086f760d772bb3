package offline

import (
	"strings"

	"parley/bridge/analysis/offline/numeral"
)

// kindOfPaper returns the kind of a paper by its short name in capitals, which is no part of its number: "LS 48812" is the
// delivery note 48812. It is "" of other capitals.
func kindOfPaper(letters string) string {
	switch letters {
	case "LS", "BL", "WZ", "DDT", "CMR", "AWB":
		return kindShipment
	case "BC":
		return kindOrder
	case "KV", "KVA":
		return kindQuote
	case "SAV":
		return kindTicket
	}
	return ""
}

// readPaper returns the kind of a number that no word announces, by a paper's short name before it, and takes that name from
// the number. It is "" where there is no such name.
func (n *numberSpan) readPaper(t *text) string {
	if letters, _, hasSpace := strings.Cut(n.value, " "); hasSpace && kindOfPaper(letters) != "" { // "WZ 2204/26"
		n.first++
		n.from = t.tokens[n.first].from
		n.value = t.all[n.from:n.to]
		return kindOfPaper(letters)
	}

	if n.first == 0 || t.separatorAfter(n.first-1) != " " || numeral.CountDigits(n.value) < shortestReference {
		return ""
	}

	isOfPlate := n.first > 1 && t.separatorAfter(n.first-2) == "-" // "L-KV 2077"
	if isOfPlate {
		return ""
	}

	return kindOfPaper(t.wordAt(n.first - 1))
}

// isNorm reports whether a number is of a standard that something meets: "EN 455", "DIN 18017-3".
func (n *numberSpan) isNorm(t *text) bool {
	const longest = 7 // "18017-3"
	if n.first == 0 || n.length() > longest || !numeral.HasOnly(n.value, numeral.Digits+"-:/.") {
		return false
	}
	return norms.has(t.wordAt(n.first - 1))
}

// isInSquareBrackets reports whether a number stands alone in square brackets, as helpdesks write theirs in subjects:
// "[#8812093]".
func (n *numberSpan) isInSquareBrackets(t *text) bool {
	before := strings.TrimRight(t.all[max(0, n.from-4):n.from], "# ")
	return strings.HasSuffix(before, "[") && strings.HasPrefix(t.all[n.to:], "]")
}

// kindBehind returns the kind of a number that stands between an article and the word which tells what it is of: "the 3318 quote",
// "die 88213 Bestellung", else "". A count is followed by several of what it counts.
func (f *referenceFinder) kindBehind(n *numberSpan) string {
	t := f.t
	if n.first == 0 || !n.digitsOnly || n.length() < shortestReference || numeral.IsYear(n.value) || !t.isOneSpaceAfter(n.last) {
		return ""
	}
	if !determiners.has(t.tokens[n.first-1].form) {
		return ""
	}

	form := t.tokens[n.last+1].form
	isPlural := strings.HasSuffix(form, "s") || strings.HasSuffix(form, "en")
	if isPlural || f.words[n.last+1].other {
		return ""
	}
	if form == "one" {
		return f.kindAround(n.first)
	}

	return f.words[n.last+1].kind
}
