package offline

import (
	"strings"
	"unicode/utf8"

	"parley/bridge/analysis/offline/numeral"
	"parley/bridge/analysis/offline/wordform"
)

// References are numbers that a helpdesk can look up, such as order numbers. This file does the first step of finding them:
// it finds everything in a text that could be one, from "4711" to "AB-2026/883". It marks phone numbers, dates, prices and
// the like as impossible. Later steps determine the kind of each number (kind.go).

// maxNumberBytes is the maximum length of a reference.
const maxNumberBytes = 40

// numbersIn returns the possible references in a text: digits, possibly with letters, hyphens, slashes or dots.
func numbersIn(t *text) []numberSpan {
	var found []numberSpan
	for i := 0; i < len(t.tokens); i++ {
		k := &t.tokens[i]

		if !isCode(t.wordAt(i)) {
			continue
		}
		if numeral.IsIBAN(t.all[k.from:]) {
			i = t.endOfIBAN(i)
			continue
		}

		n := numberSpan{from: k.from, to: k.to, first: i, last: i}
		n.join(t)
		n.value = t.all[n.from:n.to]
		if hasWordBefore(n.value) {
			n.trimPrefix(t)
		}

		n.addGroups(t)
		i = max(i, n.last)

		if !numeral.HasDigit(n.value) || len(n.value) > maxNumberBytes {
			continue
		}

		n.digitsOnly = numeral.HasOnlyDigits(n.value)
		n.hashBefore = isHashBefore(t.all, n.from)
		isPhone := numeral.IsInPhone(t.all, n.from, n.to)
		isOpened := strings.ContainsAny(t.all[max(0, n.from-2):n.from], "+(")
		n.groupsFollow = isPhone && !isOpened || n.isFirstOfSeven(t) || n.isFirstOfPair(t)
		n.impossible = isPhone || n.isNorm(t) || isNoReference(t.all, &n)
		found = append(found, n)
	}

	return found
}

// join adds the parts that are joined to a number by one separator: "AB-2026/883".
func (n *numberSpan) join(t *text) {
	for n.last+1 < len(t.tokens) {
		next := &t.tokens[n.last+1]
		if !isJoinMark(t.separatorAfter(n.last)) || !isCode(t.wordAt(n.last+1)) {
			return
		}
		n.last++
		n.to = next.to
	}
}

// isCode reports whether a word can be part of a reference: digits, capitals, or letters with digits.
func isCode(word string) bool {
	const (
		maxWithDigits = 30
		maxCapitals   = 8 // of a word in capitals: "OFFERTE"
		maxLetters    = 3 // of a word with lower case letters: "Bis"
	)

	var digits, capitals, small int
	for i := range len(word) {
		c := word[i]
		if numeral.IsDigit(c) {
			digits++
		} else if numeral.IsCapital(c) {
			capitals++
		} else if numeral.IsSmallLetter(c) {
			small++
		} else {
			return false
		}
	}

	if digits > 0 && len(word) <= maxWithDigits {
		return true
	}
	if small == 0 {
		return numeral.IsWithin(capitals, 1, maxCapitals)
	}

	return small+capitals <= maxLetters
}

// isJoinMark reports whether the text between two words joins them to one number.
func isJoinMark(between string) bool {
	switch between {
	case "-", "/", "_", ".", ":":
		return true
	}
	return false
}

// hasWordBefore reports whether a number begins with a word that isn't part of it: "Nr.4711" and "no:4711", but not
// "TRV.552.18".
func hasWordBefore(value string) bool {
	head := value[:numeral.PrefixLength(value)]
	if strings.HasSuffix(head, ":") {
		return true
	}

	letters, isDotted := strings.CutSuffix(head, ".")
	if !isDotted {
		return false
	}

	const maxLetters = 4
	if len(letters) > maxLetters || !numeral.HasOnlyCapitals(letters) {
		return true
	}

	switch letters {
	case "REF", "RIF", "TEL", "FAX", "CAP", "PLZ", "COD", "ART", "KOD", "POS", "TLF":
		return true
	}

	return marks.has(wordform.Fold(letters))
}

// trimPrefix removes the parts without digits from the beginning of a number.
func (n *numberSpan) trimPrefix(t *text) {
	for n.first < n.last && !numeral.HasDigit(t.wordAt(n.first)) {
		n.first++
	}
	n.from = t.tokens[n.first].from
	n.value = t.all[n.from:n.to]
}

// isHashBefore reports whether "#" or another sign for "number" precedes an offset, possibly with a space between.
func isHashBefore(all string, offset int) bool {
	const maxSignBytes = 3 // "№"
	before := strings.TrimRight(all[max(0, offset-maxSignBytes-1):offset], " ")
	r, _ := utf8.DecodeLastRuneInString(before)
	return strings.ContainsRune("#№°º", r)
}

// isNoReference reports whether a number can't be a reference: a date, a time, a price, a quantity with a unit, or a part of
// something longer, such as a URL. numeral.IsInPhone recognises phone numbers.
func isNoReference(all string, n *numberSpan) bool {
	const maxMoneyBytes = 8 // " EUR" with some spaces
	before, after := all[max(0, n.from-maxMoneyBytes):n.from], textAfter(all, n.to)
	if isMoneyBefore(before) || isPartOfLonger(before, after) {
		return true
	}
	if isDateOrPrice(n.value) || numeral.IsErrorCode(n.value) {
		return true
	}
	if numeral.IsTaxNumber(n.value) || numeral.IsPostcode(n.value, all[n.to:]) {
		return true
	}
	return hasUnitAfter(n.value, after)
}

// isDateOrPrice reports whether a number is a date, a time or a price.
func isDateOrPrice(value string) bool {
	if numeral.IsDate(value) || numeral.IsHourOrMeasure(value) {
		return true
	}
	return numeral.IsDecimal(value)
}

// isMoneyBefore reports whether a currency precedes a number, given the text before it.
func isMoneyBefore(before string) bool {
	before = strings.TrimRight(before, " ")
	for _, sign := range []string{"€", "$", "£"} {
		if strings.HasSuffix(before, sign) {
			return true
		}
	}
	return strings.HasSuffix(strings.ToUpper(before), "EUR")
}

// isPartOfLonger reports whether a number is part of an address, of a phone number or of a decimal number, given the text
// before and after it.
func isPartOfLonger(before, after string) bool {
	for _, mark := range []string{"@", "/", "+"} {
		if strings.HasSuffix(before, mark) {
			return true
		}
	}
	if strings.HasPrefix(after, "@") || hasMarkAndDigit(after, ",") {
		return true
	}
	whole, isAfterComma := strings.CutSuffix(before, ",")
	if !isAfterComma || whole == "" {
		return false
	}
	return numeral.IsDigit(whole[len(whole)-1])
}

// hasMarkAndDigit reports whether a text begins with one of some marks and a digit. A number before it is part of a date, a
// time or an amount.
func hasMarkAndDigit(s, marks string) bool {
	if len(s) < 2 {
		return false
	}
	return strings.ContainsAny(s[:1], marks) && numeral.IsDigit(s[1])
}

// textAfter returns the text after an offset, as far as it can contain a unit.
func textAfter(all string, offset int) string {
	const maxUnitBytes = 12 // " Einwohner" and the like
	return all[offset:min(len(all), offset+maxUnitBytes)]
}

// hasUnitAfter reports whether a unit follows a number: a currency, a percent sign or a measure. Numbers with letters and
// hyphens have no units. An hour has at most two digits; after a longer number, "am" is the German preposition.
func hasUnitAfter(value, after string) bool {
	if strings.Contains(value, "-") && !numeral.HasOnly(value, numeral.Digits+".,") {
		return false
	}

	rest := strings.TrimLeft(after, " \u00a0")
	for _, sign := range []string{"€", "$", "£", "%", "zł", "º", "°"} {
		if strings.HasPrefix(rest, sign) {
			return true
		}
	}

	word := rest
	if end := strings.IndexFunc(rest, func(r rune) bool { return !wordform.IsWordRune(r) }); end >= 0 {
		word = rest[:end]
	}

	switch wordform.Fold(word) {
	case "uhr", "h", "pm":
		return len(value) <= len("12.30")
	case "am":
		return len(value) <= len("12") || strings.Contains(value, ".")
	case "x":
		return len(value) <= len("100")
	case "mal", "times", "fois":
		return len(value) <= len("1000")
	case "eur", "euro", "euros", "usd", "gbp", "pln", "zl", "chf", "dollars", "pounds", "kg", "km", "cm", "mm", "ml",
		"stuck", "pieces", "pcs", "units", "days", "tage", "tagen", "jours", "dias", "giorni", "dagen", "dni", "weeks", "wochen",
		"stuks", "sztuk", "szt", "pezzi", "unidades", "pieces,", "hours", "stunden", "minutes", "minuten", "uur", "reais",
		"zlotych", "items", "kwh", "gb", "mb", "m2", "people", "points", "punkte",
		"steps", "schritte", "pasos", "passos", "passi", "stappen", "krokow", "residents", "visitors", "followers", "einwohner", "habitants",
		"vecinos", "habitantes", "abitanti", "inwoners", "mieszkancow":
		return true
	}

	return false
}

// endOfIBAN returns the index of the last word of an IBAN that starts with the word at. An IBAN may be written in groups of
// up to four characters.
func (t *text) endOfIBAN(at int) int {
	const maxGroup = 4
	size := len(t.wordAt(at))
	for at+1 < len(t.tokens) {
		group := t.wordAt(at + 1)
		size += len(group)
		if size > numeral.LongestIBAN || len(group) > maxGroup {
			break
		}
		if t.separatorAfter(at) != " " {
			break
		}
		if !isCode(group) || strings.ToUpper(group) != group {
			break
		}

		at++
	}

	return at
}
