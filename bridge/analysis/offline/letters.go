package offline

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// addLetters adds the capitals that stand before a number behind a space, and the groups of digits behind it, where a word
// announces both: "order B 77123", "facture F 2026 118", "spedizione SP 0044 118". It says whether it did.
func (n *numberSpan) addLetters(t *text, words map[int]announcement) bool {
	if !n.hasLettersBefore(t, words) {
		return false
	}
	whole := numberSpan{from: t.tokens[n.tok-1].from, to: n.to, tok: n.tok - 1, last: n.last}
	kind := kindBefore(t, words, &whole)
	if kind == "other" || kind == "" && !isAbbreviated(t.all[whole.from:n.from-1]) {
		return false
	}
	groups := 0
	if wide := *n; wide.spansStroke(t) {
		whole.to, whole.last = wide.to, wide.last
	} else if digitsOf(n.value) == len(n.value) {
		groups = whole.addDigits(t)
	}
	whole.value = t.all[whole.from:whole.to]
	switch first := t.tokens[n.tok]; {
	case digitsOf(whole.value) < 3, whole.to == n.to && isYear(n.value), isDate(n.value) || isTime(n.value) || isDecimal(n.value):
		return false
	case unitFollows(t.all[first.from:whole.to], t.all[whole.to:min(len(t.all), whole.to+12)]):
		return false
	case isCountry(t.all[whole.from:n.from-1]) && (kind != "shipment" || groups == 0), n.isTown(t):
		return false
	}
	whole.hash = hashBefore(t.all, whole.from)
	*n = whole
	return true
}

// isAbbreviated says whether capitals stand for a word that announces a number, also where no other word does. What else
// such letters may stand for is written without digits behind it.
func isAbbreviated(letters string) bool {
	switch letters {
	case "WO", "FV", "FT", "NC", "ORD", "INV", "RMA", "TKT", "PNR", "FAC", "FRA", "PED", "CMD":
		return true
	}
	return false
}

// withLetters gives a number that no word announces, with the capitals that stand before it: "N 40118".
func (n *numberSpan) withLetters(t *text, words map[int]announcement) string {
	if n.plain && n.hasLettersBefore(t, words) && !isCountry(t.all[t.tokens[n.tok-1].from:t.tokens[n.tok-1].to]) && !n.isTown(t) {
		return t.all[t.tokens[n.tok-1].from:n.to]
	}
	return n.value
}

// hasLettersBefore says whether capitals that may belong to a number stand right before it.
func (n *numberSpan) hasLettersBefore(t *text, words map[int]announcement) bool {
	if n.tok == 0 || n.hash {
		return false
	}
	before, at := t.tokens[n.tok-1], words[n.tok-1]
	letters := t.all[before.from:before.to]
	switch {
	case len(letters) > 4 || letters == "I" || strings.Trim(letters, capitals) != "" || t.all[before.to:n.from] != " ":
		return false
	case isMark(before.form) || at.kind != "" || at.other || letters == "KV" || letters == "KVA" || letters == "SAV":
		return false
	case impossibleBefore(letters) && !isCountry(letters):
		return false
	case len(letters) == 1 && (n.tok == 1 || t.tokens[n.tok-2].sentence != before.sentence): // "O 77120 chegou": an article
		return false
	}
	return n.tok == 1 || !shouts(t.all[t.tokens[n.tok-2].from:t.tokens[n.tok-2].to])
}

const capitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

// shouts says whether a word is written in capitals, so that those of its neighbours say nothing.
func shouts(word string) bool { return len(word) >= 4 && strings.Trim(word, capitals) == "" }

// isCountry says whether capitals may stand for a country: before a tax's number or a size.
func isCountry(letters string) bool {
	switch letters {
	case "GB", "DE", "FR", "ES", "PT", "IT", "NL", "PL", "AT", "BE", "IE", "UK", "US", "EU":
		return true
	}
	return false
}

// isTown says whether a number and its letters are a postcode before the name of a town: "D 50667 Köln".
func (n *numberSpan) isTown(t *text) bool {
	letter := t.all[t.tokens[n.tok-1].from:t.tokens[n.tok-1].to]
	if strings.Trim(letter, "ABDFLI") != "" || len(letter) > 1 || len(n.value) < 4 || len(n.value) > 5 || n.last+1 >= len(t.tokens) {
		return false
	}
	next := t.tokens[n.last+1].from
	r, _ := utf8.DecodeRuneInString(t.all[next:])
	return t.all[n.to:next] == " " && unicode.IsUpper(r)
}

// addDigits adds the groups of digits behind a number that begins with a short one, and the letters of the country that
// end a parcel's. It says how many groups these were.
func (n *numberSpan) addDigits(t *text) (groups int) {
	if t.tokens[n.last].to-t.tokens[n.last].from > 4 {
		return 0
	}
	for n.last+1 < len(t.tokens) && n.groupFollows(t) {
		n.last++
		n.to = t.tokens[n.last].to
		groups++
	}
	return groups
}

// groupFollows says whether the word behind a number is one more group of it: two to four digits, of which a date, a time,
// a count or a price is none.
func (n *numberSpan) groupFollows(t *text) bool {
	next := t.tokens[n.last+1]
	word, after := t.all[next.from:next.to], t.all[next.to:min(len(t.all), next.to+12)]
	if t.all[n.to:next.from] != " " {
		return false
	}
	digits := digitsOf(t.all[n.from:n.to])
	if len(word) == 2 && strings.Trim(word, capitals) == "" {
		return digits == 9 // the country at the end of a parcel's
	}
	if digitsOf(word) != len(word) || len(word) > 4 || len(word) < 2 && digits < 7 || unitFollows(word, after) {
		return false
	}
	return len(after) < 2 || !strings.ContainsAny(after[:1], ".,/:-") || after[1] < '0' || after[1] > '9'
}

// addTail adds the digits behind a space to a number that is announced and begins with letters and few digits: "R-00 4411".
func (n *numberSpan) addTail(t *text) {
	head, _, found := strings.Cut(n.value, "-")
	if !found || len(head) > 3 || strings.Trim(head, capitals) != "" || digitsOf(n.value) != len(n.value)-len(head)-1 || digitsOf(n.value) > 2 {
		return
	}
	if n.last+1 < len(t.tokens) && t.tokens[n.last+1].to-t.tokens[n.last+1].from >= 3 {
		n.addDigits(t)
		n.value = t.all[n.from:n.to]
	}
}

// isSpacedDate says whether a number begins a day that is written with spaces: "12 11 2026".
func (n *numberSpan) isSpacedDate(t *text) bool {
	if !n.plain || n.last+2 >= len(t.tokens) {
		return false
	}
	month, year := t.tokens[n.last+1], t.tokens[n.last+2]
	return isDate(n.value+"."+t.all[month.from:month.to]+"."+t.all[year.from:year.to]) && t.all[n.to:month.from] == " " && t.all[month.to:year.from] == " "
}
