package offline

import (
	"strings"

	"parley/bridge/analysis/offline/numeral"
	"parley/bridge/analysis/offline/wordform"
)

// Some reference numbers are written in groups with spaces between them: "1Z 88E 04W 03 9917". A text is cut at spaces, so
// this file decides which of the words after the first group belong to the same number. A numberSpan is a number in a text:
// n.first and n.last are the indices of its words, n.from and n.to its offsets, n.value its text. Methods named add… extend
// it by further words, and methods named isFirst… report whether it is the first group of a longer number. A number is
// announced if a word before it says what it is, such as "order".

const (
	parcelDigits   = 9 // the minimum of a parcel number: "RA 220 417 889 FR"
	minGroupLength = 3 // of a single group after letters and digits: "6A 0441"
	maxGroupLength = 8
)

// addGroups adds the following groups to a number that begins with letters. Groups are digits, as in shipment numbers
// ("3SKLM 0087 4412"), digits with capitals, as on labels ("1Z 88E 04W 03 9917"), or a number with a slash ("FT 2026/883").
func (n *numberSpan) addGroups(t *text) {
	first := n.value
	if strings.ContainsAny(first, "-/.:#") || numeral.IsHourOrMeasure(first) {
		return
	}

	isLetters := numeral.HasOnlyCapitals(first)
	isSeries := len(first) == 1 || first == "FR" // "FR 26/118" is a Portuguese invoice, "FR 40 303 265 045" is a tax number
	if isLetters && isSeries {
		n.addSlashNumber(t)
		return
	}
	if !canBeginGroups(first) {
		return
	}

	last, digits, groups := n.findGroups(t)
	isLong := groups >= 2 && digits >= parcelDigits
	firstGroup := ""
	if groups > 0 {
		firstGroup = t.wordAt(n.last + 1)
	}

	isMixed := !isLetters && len(firstGroup) >= minGroupLength
	if isLong || isMixed {
		n.last = last
		n.to = t.tokens[last].to
		n.join(t)
		n.value = t.all[n.from:n.to]
		return
	}

	const maxSeriesLetters = 3 // "FT 2026/883"
	if isLetters && len(first) <= maxSeriesLetters {
		n.addSlashNumber(t)
	}
}

// canBeginGroups reports whether a word can be the first group of a number: letters and digits, or two to four capitals
// without another meaning.
func canBeginGroups(word string) bool {
	if !numeral.HasOnlyCapitals(word) {
		return numeral.IsWithin(numeral.CountDigits(word), 1, len(word)-1)
	}
	const longest = 4
	if !numeral.IsWithin(len(word), 2, longest) {
		return false
	}
	return !marks.has(wordform.Fold(word)) && !foreignLetters.has(word)
}

// findGroups finds the groups after a number. It returns the index of the last one, the number of digits including n's, and
// the number of groups.
func (n *numberSpan) findGroups(t *text) (last, digits, groups int) {
	last = n.last
	digits = numeral.CountDigits(n.value)
	for t.isOneSpaceAfter(last) {
		word := t.wordAt(last + 1)
		isSender := last == n.last && isSenderOf3S(n.value, word)
		if !isSender && !isGroup(word, digits) {
			break
		}
		last++
		groups++
		digits += numeral.CountDigits(word)
	}
	return last, digits, groups
}

// isSenderOf3S reports whether a word can be the sender in a number of the Dutch post: four letters or digits after "3S".
func isSenderOf3S(before, word string) bool {
	return before == "3S" && len(word) == len("KLMN") && isCode(word)
}

// isGroup reports whether a word can be a group of a shipment number: digits, possibly with capitals, or the country code
// at its end.
func isGroup(word string, digitsBefore int) bool {
	if len(word) > maxGroupLength || !numeral.HasOnly(word, numeral.Digits+numeral.Capitals) {
		return false
	}
	if numeral.CountDigits(word) == 0 {
		return len(word) == 2 && digitsBefore >= parcelDigits
	}
	const minDigitsBeforeHour = 6 // after these, "5H" is more likely a group than an hour
	return digitsBefore >= minDigitsBeforeHour || !numeral.IsHourOrMeasure(word)
}

// addSlashNumber adds a number with a slash, such as "5512/26", if it is the next word.
func (n *numberSpan) addSlashNumber(t *text) {
	last, found := n.findSlashNumber(t)
	if !found {
		return
	}
	n.last = last
	n.to = t.tokens[last].to
	n.value = t.all[n.from:n.to]
}

// findSlashNumber finds a number with a slash after n and one space, and returns the index of its last token.
func (n *numberSpan) findSlashNumber(t *text) (last int, found bool) {
	if n.last+2 >= len(t.tokens) || t.separatorAfter(n.last) != " " {
		return 0, false
	}

	k := &t.tokens[n.last+1]
	next := numberSpan{from: k.from, to: k.to, first: n.last + 1, last: n.last + 1}
	next.join(t)
	value := t.all[next.from:next.to]
	separators := "/"
	switch t.all[n.from:n.to] {
	case "FT", "FV", "FA", "RE", "RG": // prefixes of invoices
		separators = "/-"
	}

	if !strings.ContainsAny(value, separators) || strings.ToUpper(value) != value {
		return 0, false
	}
	if numeral.IsDate(value) {
		return 0, false
	}

	digits := numeral.CountDigits(value)
	letters := len(value) - digits - strings.Count(value, "/") - strings.Count(value, "-")
	const (
		minDigits           = 5
		minDigitsWithLetter = 3 // with the letter of a series: "FT 2026A/118"
	)
	switch letters {
	case 0:
		return next.last, digits >= minDigits
	case 1:
		return next.last, digits >= minDigitsWithLetter
	}

	return 0, false
}

// isFirstOfThree reports whether n is the first of three or more groups of digits: "77 44 01", "10 448 06". It is for
// announced numbers.
func (n *numberSpan) isFirstOfThree(t *text) bool { return n.countGroupedDigits(t) > 0 }

// isFirstOfSeven reports whether n is the first of three or more groups with at least seven digits in total. Sizes, such as
// "40 30 20", have fewer.
func (n *numberSpan) isFirstOfSeven(t *text) bool {
	const minDigits = 7
	return n.countGroupedDigits(t) >= minDigits
}

// countGroupedDigits returns the number of digits of a number in three or more groups that starts with n. It returns 0 for
// fewer groups and for round amounts, such as "12 500 000".
func (n *numberSpan) countGroupedDigits(t *text) int {
	const minFirst, maxFirst = 2, 4
	if !n.digitsOnly || !numeral.IsWithin(n.length(), minFirst, maxFirst) {
		return 0
	}
	whole := *n
	if whole.addDigits(t) < 2 || strings.HasSuffix(t.all[whole.from:whole.to], "00") {
		return 0
	}
	return numeral.CountDigits(t.all[whole.from:whole.to])
}

// isFirstOfTwo reports whether n is the first of two groups of digits, directly after a word or mark that announces any
// number: "n° 7712 884", "ordernr 88 120". The second group must not be a year or have a unit.
func (n *numberSpan) isFirstOfTwo(t *text, words announcements) bool {
	const (
		minSecond = 3
		maxGroup  = 4
	)
	if !n.digitsOnly || !numeral.IsWithin(n.length(), 2, maxGroup) {
		return false
	}
	if !t.isOneSpaceAfter(n.last) {
		return false
	}

	word := t.wordAt(n.last + 1)

	if !n.hashBefore && !isMarkedBefore(t, n.first, words) {
		return false
	}
	if !numeral.IsWithin(len(word), minSecond, maxGroup) || !numeral.HasOnlyDigits(word) {
		return false
	}
	if numeral.IsYear(word) {
		return false
	}

	after := textAfter(t.all, t.tokens[n.last+1].to)
	return !hasUnitAfter(word, after) && !hasMarkAndDigit(after, ".,/:- ")
}

// isFirstOfPair reports whether n is the first of two groups of three digits that aren't a round amount and end a part of a
// sentence: "compra 771 204, e só recebi um".
func (n *numberSpan) isFirstOfPair(t *text) bool {
	if !n.digitsOnly || n.length() != 3 || !t.isOneSpaceAfter(n.last) {
		return false
	}
	word := t.wordAt(n.last + 1)
	if len(word) != 3 || !numeral.HasOnlyDigits(word) || strings.HasSuffix(word, "0") {
		return false
	}
	return isEndOfPart(t.all[t.tokens[n.last+1].to:])
}

// isEndOfPart reports whether a part of a sentence ends here, given the rest of the text.
func isEndOfPart(rest string) bool {
	return rest == "" || strings.ContainsRune(",.;:)!?\n", rune(rest[0]))
}

// addShortGroups adds the following groups of digits to an announced number whose first group is short and has letters:
// "7T 22 0418".
func (n *numberSpan) addShortGroups(t *text) {
	letters := n.length() - numeral.CountDigits(n.value)
	if n.length() > 4 || !numeral.IsWithin(letters, 1, 2) || !numeral.HasOnly(n.value, numeral.Digits+numeral.Capitals) {
		return
	}
	whole := *n
	whole.addDigits(t)
	whole.value = t.all[whole.from:whole.to]
	const minDigits = 5
	if numeral.CountDigits(whole.value) >= minDigits {
		*n = whole
	}
}

// addFinalLetter adds a capital letter after the groups if a part of a sentence ends there: "26 118 440 K".
func (n *numberSpan) addFinalLetter(t *text) {
	if n.value == "" || !t.isOneSpaceAfter(n.last) {
		return
	}
	letter := t.wordAt(n.last + 1)
	rest := strings.TrimLeft(t.all[t.tokens[n.last+1].to:], " ")
	if len(letter) != 1 || !numeral.HasOnlyCapitals(letter) || !isEndOfPart(rest) {
		return
	}
	n.last++
	n.to = t.tokens[n.last].to
	n.value = t.all[n.from:n.to]
}

// addFile adds the rest of a German court's or authority's file number to its first digits: "4 C 118/26".
func (n *numberSpan) addFile(t *text) {
	if !n.digitsOnly || n.length() > 3 || n.last+3 >= len(t.tokens) {
		return
	}

	letters := t.wordAt(n.last + 1)
	if !numeral.HasOnlyCapitals(letters) || len(letters) > 3 || !t.isOneSpaceAfter(n.last) || !t.isOneSpaceAfter(n.last+1) {
		return
	}

	end := t.tokens[n.last+3]
	if !numeral.IsCountedInYear(t.all[t.tokens[n.last+2].from:end.to]) {
		return
	}

	n.last += 3
	n.to = end.to
	n.value = t.all[n.from:n.to]
	n.digitsOnly = false
}

// isMarkedBefore reports whether the word i follows a colon or a word that announces any number, such as "no.".
func isMarkedBefore(t *text, i int, words announcements) bool {
	if i == 0 {
		return false
	}
	if marks.has(t.tokens[i-1].form) || words[i-1].number {
		return true
	}
	return strings.Contains(t.separatorAfter(i-1), ":")
}

// joinOverSlash adds the number after a slash with spaces around it, as in "2026 / 118", "26 / 4410" and "118 / 2026". It
// reports whether there was one.
func (n *numberSpan) joinOverSlash(t *text) bool {
	if !n.digitsOnly || n.last+1 >= len(t.tokens) {
		return false
	}

	word := t.wordAt(n.last + 1)
	if t.separatorAfter(n.last) != " / " || len(word) < 2 {
		return false
	}
	if !numeral.HasOnlyDigits(word) || !isNumberOfYear(n.value, word) {
		return false
	}

	n.last++
	n.to = t.tokens[n.last].to
	n.value = t.all[n.from:n.to]
	n.digitsOnly = false
	return true
}

// isNumberOfYear reports whether one of the numbers before and after a slash can be a year, and the other a consecutive
// number within that year.
func isNumberOfYear(before, after string) bool {
	switch len(before) {
	case 0, 1:
		return false
	case len("26"): // "26 / 4410"
		isNumber := len(after) > 2 && !numeral.IsYear(after)
		return isNumber && before[0] == '2'
	case len("2026"): // "2026 / 118"
		return true
	}
	return numeral.IsYear(after) // "118 / 2026"
}

// takeGroups adds all groups of digits that follow a number, as on parcel labels: "9400 1118 9922". A Polish bank account
// isn't a reference, so n.value becomes "" for one.
func (n *numberSpan) takeGroups(t *text) {
	for t.isOneSpaceAfter(n.last) && numeral.HasOnlyDigits(t.wordAt(n.last+1)) {
		n.last++
	}
	n.to = t.tokens[n.last].to
	n.value = t.all[n.from:n.to]
	if n.isPolishAccount(t) {
		n.value = ""
	}
}

// isPolishAccount reports whether n is a Polish bank account without the country code: a group of two digits and six groups
// of four.
func (n *numberSpan) isPolishAccount(t *text) bool {
	const (
		groups    = 6
		groupSize = 4
	)
	if n.last-n.first != groups || len(t.wordAt(n.first)) != 2 {
		return false
	}
	for i := n.first + 1; i <= n.last; i++ {
		if len(t.wordAt(i)) != groupSize {
			return false
		}
	}
	return true
}
