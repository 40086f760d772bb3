package offline

import (
	"strings"
	"unicode/utf8"

	"parley/bridge/analysis/offline/numeral"
	"parley/bridge/analysis/offline/wordform"
)

// The first step to find the numbers that a customer names (references): everything in a text that could be one,
// from "4711" to "AB-2026/883". Telephone numbers, dates, prices and the like are marked as impossible. Later steps
// decide what each number is of.

// longestNumber bounds what is a reference, in bytes.
const longestNumber = 40

// numbersIn finds what may be a reference: digits, with letters, hyphens, strokes or dots between them.
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

		if !numeral.HasDigit(n.value) || len(n.value) > longestNumber {
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

// join adds parts that one mark joins to a number.
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

// isCode reports whether a word may be part of a reference: digits, capitals, or letters with digits.
func isCode(word string) bool {
	const (
		longestWithDigits = 30
		mostCapitals      = 8 // of a word in capitals: "OFFERTE"
		mostLetters       = 3 // of a word with small letters: "Bis"
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

	if digits > 0 && len(word) <= longestWithDigits {
		return true
	}
	if small == 0 {
		return numeral.IsWithin(capitals, 1, mostCapitals)
	}

	return small+capitals <= mostLetters
}

// isJoinMark reports whether one mark joins two parts of a number.
func isJoinMark(between string) bool {
	switch between {
	case "-", "/", "_", ".", ":":
		return true
	}
	return false
}

// hasWordBefore reports whether a number begins with a word that only announces it: "Nr.4711", "no:4711", and not with letters
// of its own: "TRV.552.18".
func hasWordBefore(value string) bool {
	head := value[:numeral.PrefixLength(value)]
	if strings.HasSuffix(head, ":") {
		return true
	}

	letters, isDotted := strings.CutSuffix(head, ".")
	if !isDotted {
		return false
	}

	const mostLetters = 4
	if len(letters) > mostLetters || !numeral.HasOnlyCapitals(letters) {
		return true
	}

	switch letters {
	case "REF", "RIF", "TEL", "FAX", "CAP", "PLZ", "COD", "ART", "KOD", "POS", "TLF":
		return true
	}

	return marks.has(wordform.Fold(letters))
}

// trimPrefix takes the parts without digits from the beginning of a number.
func (n *numberSpan) trimPrefix(t *text) {
	for n.first < n.last && !numeral.HasDigit(t.wordAt(n.first)) {
		n.first++
	}
	n.from = t.tokens[n.first].from
	n.value = t.all[n.from:n.to]
}

// isHashBefore reports whether "#", or a sign that stands for "number", is before a place, perhaps with spaces between.
func isHashBefore(all string, at int) bool {
	const longestSign = 3 // bytes, of "№"
	before := strings.TrimRight(all[max(0, at-longestSign-1):at], " ")
	r, _ := utf8.DecodeLastRuneInString(before)
	return strings.ContainsRune("#№°º", r)
}

// isNoReference reports whether a number is a date, a time, a price, a quantity with a unit, or a part of something longer: an
// amount, an address on the web. Telephones are told by numeral.IsInPhone.
func isNoReference(all string, n *numberSpan) bool {
	const longestMoney = 8 // bytes: " EUR" with some spaces
	before, after := all[max(0, n.from-longestMoney):n.from], textAfter(all, n.to)
	if isMoneyBefore(before) || isPartOfLonger(before, after) {
		return true
	}
	if isDateOrPrice(n.value) || numeral.IsErrorCode(n.value) {
		return true
	}
	if numeral.IsTaxNumber(n.value) || numeral.IsPostcode(n.value, all[n.to:]) {
		return true
	}
	return hasUnitBehind(n.value, after)
}

// isDateOrPrice reports whether a number is a date, a time or a price.
func isDateOrPrice(value string) bool {
	if numeral.IsDate(value) || numeral.IsHourOrMeasure(value) {
		return true
	}
	return numeral.IsDecimal(value)
}

// isMoneyBefore reports whether a sign for money stands before a number.
func isMoneyBefore(before string) bool {
	before = strings.TrimRight(before, " ")
	for _, sign := range []string{"€", "$", "£"} {
		if strings.HasSuffix(before, sign) {
			return true
		}
	}
	return strings.HasSuffix(strings.ToUpper(before), "EUR")
}

// isPartOfLonger reports whether a number is a part of an address or of a telephone's number, or one side of a decimal comma.
func isPartOfLonger(before, after string) bool {
	for _, mark := range []string{"@", "/", "+"} {
		if strings.HasSuffix(before, mark) {
			return true
		}
	}
	if strings.HasPrefix(after, "@") || hasMarkAndDigit(after, ",") {
		return true
	}
	whole, isBehindComma := strings.CutSuffix(before, ",")
	if !isBehindComma || whole == "" {
		return false
	}
	return numeral.IsDigit(whole[len(whole)-1])
}

// hasMarkAndDigit reports whether one of some marks stands at the beginning of a text, and a digit behind it, so that
// what is before the mark is a part of a date, a time or an amount.
func hasMarkAndDigit(s, marks string) bool {
	if len(s) < 2 {
		return false
	}
	return strings.ContainsAny(s[:1], marks) && numeral.IsDigit(s[1])
}

// textAfter returns as much of the text behind a place as is needed to know a unit.
func textAfter(all string, at int) string {
	const longestUnit = 12 // " Einwohner" and the like
	return all[at:min(len(all), at+longestUnit)]
}

// hasUnitBehind reports whether money, a percentage or a measure stands behind a number. A number with letters in it is no
// count. An hour has at most two digits: "am" behind a longer number is German.
func hasUnitBehind(value, after string) bool {
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

// endOfIBAN returns the last word of a bank account's number: groups of at most four characters follow each other.
func (t *text) endOfIBAN(at int) int {
	const longestGroup = 4
	size := len(t.wordAt(at))
	for at+1 < len(t.tokens) {
		group := t.wordAt(at + 1)
		size += len(group)
		if size > numeral.LongestIBAN || len(group) > longestGroup {
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
