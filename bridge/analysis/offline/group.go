package offline

import (
	"strings"

	"parley/bridge/analysis/offline/numeral"
	"parley/bridge/analysis/offline/wordform"
)

// Some numbers are written with spaces, as on parcels: "1Z 88E 04W 03 9917". This file finds which words behind the
// first one, its groups, belong to the same number.

// What tells that groups behind a space belong to the number before them.
const (
	parcelDigits  = 9 // a parcel's number has so many digits at least: "RA 220 417 889 FR"
	shortestGroup = 3 // characters, of a single group behind letters and digits: "6A 0441"
	longestGroup  = 8
)

// addGroups adds groups behind a space to a number that begins with letters. Such groups are digits, as in numbers of
// shipments ("3SKLM 0087 4412"), digits with capitals, as on labels ("1Z 88E 04W 03 9917"), or a number with a stroke
// ("FT 2026/883").
func (n *numberSpan) addGroups(t *text) {
	first := n.value
	if strings.ContainsAny(first, "-/.:#") || numeral.IsHourOrMeasure(first) {
		return
	}

	isLetters := numeral.HasOnlyCapitals(first)
	isSeries := len(first) == 1 || first == "FR" // "FR 26/118" is an invoice in Portugal, "FR 40 303 265 045" a number for taxes
	if isLetters && isSeries {
		n.addStroke(t)
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

	isMixed := !isLetters && len(firstGroup) >= shortestGroup
	if isLong || isMixed {
		n.last = last
		n.to = t.tokens[last].to
		n.join(t)
		n.value = t.all[n.from:n.to]
		return
	}

	const longestSeries = 3 // letters: "FT 2026/883"
	if isLetters && len(first) <= longestSeries {
		n.addStroke(t)
	}
}

// canBeginGroups reports whether groups may follow a word: up to four capitals that mean nothing else, or letters and digits.
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

// findGroups returns the last word of the groups that follow a number, the digits of all and how many groups these are.
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

// isSenderOf3S says whether a word may be the sender's four letters that follow "3S" in numbers of the Dutch post.
func isSenderOf3S(before, word string) bool {
	return before == "3S" && len(word) == len("KLMN") && isCode(word)
}

// isGroup reports whether a word may be a group within the number of a shipment: digits, with capitals or without, or the
// letters of the country at its end.
func isGroup(word string, digitsBefore int) bool {
	if len(word) > longestGroup || !numeral.HasOnly(word, numeral.Digits+numeral.Capitals) {
		return false
	}
	if numeral.CountDigits(word) == 0 {
		return len(word) == 2 && digitsBefore >= parcelDigits
	}
	const enough = 6 // digits, so that "5H" behind them is rather a group than an hour
	return digitsBefore >= enough || !numeral.IsHourOrMeasure(word)
}

// addStroke adds a number with a stroke, as "5512/26", that stands behind a space.
func (n *numberSpan) addStroke(t *text) {
	last, found := n.findStroke(t)
	if !found {
		return
	}
	n.last = last
	n.to = t.tokens[last].to
	n.value = t.all[n.from:n.to]
}

// findStroke returns the last word of a number with a stroke, as "5512/26", that stands behind a space.
func (n *numberSpan) findStroke(t *text) (last int, found bool) {
	if n.last+2 >= len(t.tokens) || t.separatorAfter(n.last) != " " {
		return 0, false
	}

	k := &t.tokens[n.last+1]
	next := numberSpan{from: k.from, to: k.to, first: n.last + 1, last: n.last + 1}
	next.join(t)
	value := t.all[next.from:next.to]
	strokes := "/"
	switch t.all[n.from:n.to] {
	case "FT", "FV", "FA", "RE", "RG":
		strokes = "/-"
	}

	if !strings.ContainsAny(value, strokes) || strings.ToUpper(value) != value {
		return 0, false
	}
	if numeral.IsDate(value) {
		return 0, false
	}

	digits := numeral.CountDigits(value)
	letters := len(value) - digits - strings.Count(value, "/") - strings.Count(value, "-")
	const (
		leastDigits  = 5
		leastBesides = 3 // beside the letter of a series: "FT 2026A/118"
	)
	switch letters {
	case 0:
		return next.last, digits >= leastDigits
	case 1:
		return next.last, digits >= leastBesides
	}

	return 0, false
}

// isFirstOfThree reports whether a number that is announced is written in three groups or more: "77 44 01", "10 448 06".
func (n *numberSpan) isFirstOfThree(t *text) bool { return n.countInThree(t) > 0 }

// isFirstOfSeven reports whether a number is written in three groups or more of seven digits or more together: sizes, as "40
// 30 20", have less.
func (n *numberSpan) isFirstOfSeven(t *text) bool {
	const digits = 7
	return n.countInThree(t) >= digits
}

// countInThree counts the digits of a number that is written in three groups or more. It is 0 of less groups, and of a round
// amount: "12 500 000".
func (n *numberSpan) countInThree(t *text) (digits int) {
	const shortest, longest = 2, 4
	if !n.digitsOnly || !numeral.IsWithin(n.length(), shortest, longest) {
		return 0
	}
	whole := *n
	if whole.addDigits(t) < 2 || strings.HasSuffix(t.all[whole.from:whole.to], "00") {
		return 0
	}
	return numeral.CountDigits(t.all[whole.from:whole.to])
}

// isFirstOfTwo reports whether a number is written as two groups of digits right behind a word or sign that says that a
// number follows: "n° 7712 884", "ordernr 88 120". A second group that is a year, or has a unit, isn't part of it.
func (n *numberSpan) isFirstOfTwo(t *text, words announcements) bool {
	const (
		shortestSecond = 3
		longest        = 4
	)
	if !n.digitsOnly || !numeral.IsWithin(n.length(), 2, longest) {
		return false
	}
	if !t.isOneSpaceAfter(n.last) {
		return false
	}

	word := t.wordAt(n.last + 1)

	if !n.hashBefore && !isMarkedBefore(t, n.first, words) {
		return false
	}
	if !numeral.IsWithin(len(word), shortestSecond, longest) || !numeral.HasOnlyDigits(word) {
		return false
	}
	if numeral.IsYear(word) {
		return false
	}

	after := textAfter(t.all, t.tokens[n.last+1].to)
	return !hasUnitBehind(word, after) && !hasMarkAndDigit(after, ".,/:- ")
}

// isFirstOfPair reports whether a number is written as two groups of three digits, which are no round sum and end a part of a
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

// isEndOfPart reports whether a text begins with a mark that ends a sentence or a part of one.
func isEndOfPart(rest string) bool {
	return rest == "" || strings.ContainsRune(",.;:)!?\n", rune(rest[0]))
}

// addShortGroups adds the groups of digits behind a number that is announced and begins with a short one of digits and
// letters: "7T 22 0418".
func (n *numberSpan) addShortGroups(t *text) {
	letters := n.length() - numeral.CountDigits(n.value)
	if n.length() > 4 || !numeral.IsWithin(letters, 1, 2) || !numeral.HasOnly(n.value, numeral.Digits+numeral.Capitals) {
		return
	}
	whole := *n
	whole.addDigits(t)
	whole.value = t.all[whole.from:whole.to]
	const enough = 5
	if numeral.CountDigits(whole.value) >= enough {
		*n = whole
	}
}

// addFinalLetter adds a capital that stands behind the groups of a number and ends a part of a sentence: "26 118 440 K".
func (n *numberSpan) addFinalLetter(t *text) {
	if n.value == "" || !t.isOneSpaceAfter(n.last) {
		return
	}
	letter := t.wordAt(n.last + 1)
	if len(letter) != 1 || !numeral.HasOnlyCapitals(letter) || !isEndOfPart(strings.TrimLeft(t.all[t.tokens[n.last+1].to:], " ")) {
		return
	}
	n.last++
	n.to = t.tokens[n.last].to
	n.value = t.all[n.from:n.to]
}

// addFile adds to up to three digits the letters and the number of the year behind them, as German courts and offices
// write the numbers of their files: "4 C 118/26".
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

// isMarkedBefore reports whether the word right before a place says that a number follows, or a colon stands behind it.
func isMarkedBefore(t *text, at int, words announcements) bool {
	if at == 0 {
		return false
	}
	if marks.has(t.tokens[at-1].form) || words[at-1].number {
		return true
	}
	return strings.Contains(t.separatorAfter(at-1), ":")
}

// joinOverStroke adds what stands behind a stroke with spaces around it, as in "2026 / 118", "26 / 4410" and "118 / 2026", and
// says whether it did.
func (n *numberSpan) joinOverStroke(t *text) bool {
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

// isNumberOfYear reports whether one of two numbers around a stroke may be a year, and the other is counted within it.
func isNumberOfYear(before, behind string) bool {
	switch len(before) {
	case 0, 1:
		return false
	case len("26"): // "26 / 4410"
		isNumber := len(behind) > 2 && !numeral.IsYear(behind)
		return isNumber && before[0] == '2'
	case len("2026"): // "2026 / 118"
		return true
	}
	return numeral.IsYear(behind) // "118 / 2026"
}

// takeGroups adds all groups of digits that follow a number, as on labels of parcels: "9400 1118 9922". An account at a
// Polish bank isn't a reference: its value becomes "".
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

// isPolishAccount reports whether groups of digits are those of an account at a Polish bank, which is written without its
// country: two digits and six times four.
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
