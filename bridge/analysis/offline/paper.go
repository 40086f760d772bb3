package offline

import (
	"strings"

	"parley/bridge/analysis/offline/numeral"
)

// kindOfPaper returns the kind of reference that an abbreviation of a business document stands for: "LS" is a German
// delivery note (Lieferschein). The abbreviation isn't part of the number: "LS 48812" has the number 48812. It returns "" for
// other letters.
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

// readPaper returns the kind of a number with the abbreviation of a document before it, or "" if there is none. If the
// abbreviation was taken for a part of the number, readPaper removes it from n.
func (n *numberSpan) readPaper(t *text) string {
	letters, _, hasSpace := strings.Cut(n.value, " ")
	if hasSpace && kindOfPaper(letters) != "" { // "WZ 2204/26"
		n.first++
		n.from = t.tokens[n.first].from
		n.value = t.all[n.from:n.to]
		return kindOfPaper(letters)
	}

	if n.first == 0 || t.separatorAfter(n.first-1) != " " || numeral.CountDigits(n.value) < minReferenceLength {
		return ""
	}

	isLicencePlate := n.first > 1 && t.separatorAfter(n.first-2) == "-" // "L-KV 2077"
	if isLicencePlate {
		return ""
	}

	return kindOfPaper(t.wordAt(n.first - 1))
}

// isNorm reports whether a number is that of a technical standard: "EN 455", "DIN 18017-3".
func (n *numberSpan) isNorm(t *text) bool {
	const maxBytes = 7 // "18017-3"
	if n.first == 0 || n.length() > maxBytes || !numeral.HasOnly(n.value, numeral.Digits+"-:/.") {
		return false
	}
	return norms.has(t.wordAt(n.first - 1))
}

// isInSquareBrackets reports whether a number is in square brackets, like the ticket numbers that helpdesks put into
// subjects: "[#8812093]".
func (n *numberSpan) isInSquareBrackets(t *text) bool {
	before := strings.TrimRight(t.all[max(0, n.from-4):n.from], "# ")
	return strings.HasSuffix(before, "[") && strings.HasPrefix(t.all[n.to:], "]")
}

// kindAfter returns the kind of a number between an article and a noun: "the 3318 quote", "die 88213 Bestellung". It returns
// "" for others. If the noun is in the plural, the number is a count.
func (f *referenceFinder) kindAfter(n *numberSpan) string {
	t := f.t
	if !n.digitsOnly || n.length() < minReferenceLength || numeral.IsYear(n.value) {
		return ""
	}
	if n.first == 0 || !t.isOneSpaceAfter(n.last) || !determiners.has(t.tokens[n.first-1].form) {
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
