package offline

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"parley/bridge/analysis/offline/numeral"
	"parley/bridge/analysis/offline/wordform"
)

// Some reference numbers begin with letters and a space: "order B 77123", "facture F 2026 118". This file decides whether
// capitals before a number belong to it. They may also be a word of their own, so either they are a known abbreviation, or
// a word must announce the number: "order". A numberSpan is a number in a text: n.first and n.last are the indices of its
// words, n.from and n.to its offsets.

// addLetters adds the capitals before a number to it, and the groups of digits after it: "order B 77123", "facture F 2026
// 118", "spedizione SP 0044 118". It reports whether it did.
func (n *numberSpan) addLetters(t *text, words announcements) bool {
	if !n.hasLettersBefore(t, words) {
		return false
	}

	letters := t.wordAt(n.first - 1)
	whole := numberSpan{from: t.tokens[n.first-1].from, to: n.to, first: n.first - 1, last: n.last}
	kind := kindBefore(t, words, &whole)
	if kind == kindOther {
		return false
	}
	if kind == "" && !numberLetters.has(letters) {
		return false
	}

	groups := 0
	if wide := *n; wide.joinOverSlash(t) {
		whole.to = wide.to
		whole.last = wide.last
	} else if numeral.HasOnlyDigits(n.value) {
		groups = whole.addDigits(t)
	}

	whole.value = t.all[whole.from:whole.to]
	isParcel := kind == kindShipment && groups > 0
	if countries.has(letters) && !isParcel {
		return false
	}
	if whole.isCountOrDate(t, n) || n.isPostcodeWithCountry(t) {
		return false
	}

	whole.hashBefore = isHashBefore(t.all, whole.from)
	*n = whole
	return true
}

// isCountOrDate reports whether letters and digits together aren't a reference: a year, a date, a time, a price, a quantity
// with a unit, or a number of less than three digits. digits is the number without its letters and further groups.
func (n *numberSpan) isCountOrDate(t *text, digits *numberSpan) bool {
	const minDigits = 3
	if numeral.CountDigits(n.value) < minDigits {
		return true
	}
	if n.to == digits.to && numeral.IsYear(digits.value) {
		return true
	}
	if isDateOrPrice(digits.value) {
		return true
	}
	return hasUnitAfter(t.all[digits.from:n.to], textAfter(t.all, n.to))
}

// valueWithLetters returns a number that isn't announced together with the capitals before it, if they belong to it: "N
// 40118".
func (n *numberSpan) valueWithLetters(t *text, words announcements) string {
	if !n.digitsOnly || !n.hasLettersBefore(t, words) {
		return n.value
	}
	if countries.has(t.wordAt(n.first-1)) || n.isPostcodeWithCountry(t) {
		return n.value
	}
	return t.all[t.tokens[n.first-1].from:n.to]
}

// hasLettersBefore reports whether the word before a number is capitals that may belong to it.
func (n *numberSpan) hasLettersBefore(t *text, words announcements) bool {
	if n.first == 0 || n.hashBefore {
		return false
	}
	if t.separatorAfter(n.first-1) != " " {
		return false
	}

	const maxLetters = 4
	letters := t.wordAt(n.first - 1)
	if len(letters) > maxLetters || !numeral.HasOnlyCapitals(letters) {
		return false
	}
	if words[n.first-1].kind != "" || words[n.first-1].other {
		return false
	}
	if hasOwnMeaning(letters) {
		return false
	}
	if n.first == 1 {
		return len(letters) > 1 // "O 77120 chegou": an article
	}

	before := &t.tokens[n.first-2]
	beginsSentence := before.sentence != t.tokens[n.first-1].sentence
	if len(letters) == 1 && beginsSentence {
		return false
	}

	return !isShouted(t.wordAt(n.first - 2))
}

// hasOwnMeaning reports whether capitals before a number are a word of their own, and not part of the number.
func hasOwnMeaning(letters string) bool {
	switch letters {
	case "I", "KV", "KVA", "SAV":
		return true
	}
	if marks.has(wordform.Fold(letters)) {
		return true
	}
	return foreignLetters.has(letters) && !countries.has(letters)
}

// isShouted reports whether a word is written in capitals, and isn't an abbreviation. If it is, capitals next to it mean
// nothing.
func isShouted(word string) bool {
	const minLetters = 4 // shorter ones may be an abbreviation
	return len(word) >= minLetters && numeral.HasOnlyCapitals(word)
}

// isPostcodeWithCountry reports whether a number and the letter before it are a postcode, followed by the name of a town:
// "D 50667 Köln".
func (n *numberSpan) isPostcodeWithCountry(t *text) bool {
	letter := t.wordAt(n.first - 1)
	if len(letter) > 1 || !numeral.HasOnly(letter, "ABDFLI") {
		return false
	}
	if !numeral.IsWithin(len(n.value), len("8001"), len("50667")) || !t.isOneSpaceAfter(n.last) {
		return false
	}
	r, _ := utf8.DecodeRuneInString(t.wordAt(n.last + 1))
	return unicode.IsUpper(r)
}

// addDigits adds the groups of digits after a number with a short last group, and the country code at the end of a parcel
// number. It returns the number of groups that it added.
func (n *numberSpan) addDigits(t *text) (groups int) {
	const maxFirst = 4
	if len(t.wordAt(n.last)) > maxFirst {
		return 0
	}
	const maxGroups = 12
	for groups < maxGroups && n.last+1 < len(t.tokens) && n.isGroupNext(t) {
		n.last++
		n.to = t.tokens[n.last].to
		groups++
	}
	return groups
}

// isGroupNext reports whether the word after a number is another group of it: two to four digits that aren't a date, a
// time, a quantity or a price, the single last digit of a parcel number, or the country code at its end.
func (n *numberSpan) isGroupNext(t *text) bool {
	if t.separatorAfter(n.last) != " " {
		return false
	}

	word := t.wordAt(n.last + 1)
	digits := numeral.CountDigits(t.all[n.from:n.to])
	if len(word) == 2 && numeral.HasOnlyCapitals(word) {
		return digits == parcelDigits || n.isCountryNext(t, n.last)
	}

	const (
		maxGroup              = 4
		minDigitsBeforeSingle = 7 // before a group of one digit
	)
	if len(word) > maxGroup || !numeral.HasOnlyDigits(word) {
		return false
	}
	if len(word) == 1 && digits < minDigitsBeforeSingle {
		return false
	}
	if n.isCountryNext(t, n.last+1) {
		return true
	}

	after := textAfter(t.all, t.tokens[n.last+1].to)
	return !hasUnitAfter(word, after) && !hasMarkAndDigit(after, ".,/:-")
}

// isCountryNext reports whether a country code follows the word last, at the end of a number that begins with two letters
// and has at least seven digits: "YT 6093 227 GB". Otherwise "GB" could mean gigabytes.
func (n *numberSpan) isCountryNext(t *text, last int) bool {
	const minDigits = 7
	value := t.all[n.from:t.tokens[last].to]
	if !t.isOneSpaceAfter(last) || len(value) < minDigits || !numeral.HasOnlyCapitals(value[:2]) {
		return false
	}
	return numeral.CountDigits(value) >= minDigits && countries.has(t.wordAt(last+1))
}

// addTail adds the digits after a space to an announced number that begins with letters and few digits: "R-00 4411".
func (n *numberSpan) addTail(t *text) {
	letters, digits, found := strings.Cut(n.value, "-")
	const (
		maxLetters = 3
		maxDigits  = 2
		minTail    = 3
	)

	isShort := len(letters) <= maxLetters && len(digits) <= maxDigits
	if !found || !isShort {
		return
	}
	if !numeral.HasOnlyCapitals(letters) || !numeral.HasOnlyDigits(digits) {
		return
	}
	if n.last+1 < len(t.tokens) && len(t.wordAt(n.last+1)) >= minTail {
		n.addDigits(t)
		n.value = t.all[n.from:n.to]
	}
}

// isSpacedDate reports whether a number is the first part of a date with spaces: "12 11 2026".
func (n *numberSpan) isSpacedDate(t *text) bool {
	if !n.digitsOnly || n.last+2 >= len(t.tokens) {
		return false
	}
	if !t.isOneSpaceAfter(n.last) || !t.isOneSpaceAfter(n.last+1) {
		return false
	}
	return numeral.IsDate(n.value + "." + t.wordAt(n.last+1) + "." + t.wordAt(n.last+2))
}
