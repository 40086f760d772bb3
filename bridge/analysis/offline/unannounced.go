package offline

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"parley/bridge/analysis/offline/numeral"
)

// Some customers name a number without a word of what it is: "4711 hasn't come yet". This file decides whether such
// a number is a reference all the same, by its form, the words around it, and what the customer wants.

// How many words before a number are searched for one that says that the number is of something else. Letters and
// digits together, as in "AB-4410", are mostly a reference, so only near words count there.
const (
	farOther  = 6
	nearOther = 2
)

// isUnannouncedReference reports whether a number that no word announces looks like a reference all the same.
func (f *referenceFinder) isUnannouncedReference(n *numberSpan) bool {
	if hasHashBefore(f.t, n) {
		return true
	}

	isBehindCode := n.first > 0 && codeWords.has(f.t.tokens[n.first-1].form)
	if isBehindCode && numeral.HasMixedParts(n.value) {
		return true
	}
	if f.isModel(n) {
		return false
	}

	if !numeral.IsDistinctive(n.value) {
		isLikely := hasMarkBefore(f.t, n) || isGivenNumber(f.t, n) || f.isPaidNumber(n)
		if !isLikely && !f.isInBrackets(n) && !f.isRoundOrder(n) {
			return false
		}
		return !hasOtherBefore(f.t, f.words, n.first, farOther)
	}

	if numeral.PrefixLength(n.value) > 0 {
		return !hasOtherBefore(f.t, f.words, n.first, nearOther)
	}

	return !hasOtherBefore(f.t, f.words, n.first, farOther)
}

// isModel reports whether a number that nothing announces is a model's or an article's, as in a question about a product:
// "does the A2411 fit?"
func (f *referenceFinder) isModel(n *numberSpan) bool {
	if numeral.IsRating(n.value) {
		return true
	}
	if n.hashBefore || isPartOf(f.t, n.first) {
		return false
	}
	isPlain := n.digitsOnly && f.wants != "product" // "88127 et 88128 peuvent-elles partir ensemble ?"
	return f.isAboutGoods(n.first) && !isPlain
}

// isAboutGoods reports whether a word stands in a question about goods, in a text that announces no number of ours.
func (f *referenceFinder) isAboutGoods(at int) bool {
	if f.words.hasClearKind() {
		return false
	}
	_, last := f.t.sentenceOf(at)
	isLikely := f.t.tokens[last].asks && f.likeliest == "product"
	return isLikely || f.wants == "product"
}

// isSubject reports whether four digits behind a word as "in", or behind an article, are an order of which the customer wants
// something: "in 6614 please swap the rye loaf", "où en est la 5512". A year, a round number, and a count of what follows
// are none.
func (f *referenceFinder) isSubject(n *numberSpan) bool {
	isRound := strings.HasSuffix(n.value, "00") || strings.HasSuffix(n.value, "50")
	if !n.digitsOnly || len(n.value) != minReferenceLength || isRound || numeral.IsYear(n.value) {
		return false
	}
	return f.isAfterSubject(n) && !f.isAboutGoods(n.first)
}

// isAfterSubject reports whether a word that may stand before an order is before a number, in a text that wants something of
// an order.
func (f *referenceFinder) isAfterSubject(n *numberSpan) bool {
	switch f.wants {
	case "order_change", "order_status", "return", "":
	default:
		return false
	}

	if n.first == 0 {
		return false
	}

	before := f.t.tokens[n.first-1].form
	isIn := orderPrepositions.has(before)
	if !isIn && articles.has(before) {
		isIn = f.wants != "" || n.first > 1 && orderPrepositions.has(f.t.tokens[n.first-2].form)
	}
	if !isIn || hasOtherBefore(f.t, f.words, n.first, farOther) {
		return false
	}

	r, _ := utf8.DecodeRuneInString(strings.TrimLeft(f.t.all[n.to:], " "))
	return !unicode.IsUpper(r)
}

// isRoundOrder reports whether a number that may be the name of a model, as "RX-3000", is an order of which the customer wants
// something: "las sillas del RX-3000 no han llegado".
func (f *referenceFinder) isRoundOrder(n *numberSpan) bool {
	letters, digits, _ := strings.Cut(n.value, "-")
	isForm := numeral.IsWithin(len(letters), 1, 3) && numeral.HasOnlyCapitals(letters) && len(digits) >= 3 && numeral.HasOnlyDigits(digits)
	isOfOrder := f.wants == "order_status" || f.wants == "order_change"
	return isForm && isOfOrder && !numeral.IsRating(n.value) && f.isAfterSubject(n)
}

// isInBrackets reports whether a number stands in brackets behind what it is of: "the two orders (A 4417 and B 4418)".
func (f *referenceFinder) isInBrackets(n *numberSpan) bool {
	isRound := strings.HasSuffix(n.value, "00") || strings.HasSuffix(n.value, "50")
	if !n.digitsOnly || n.length() < minReferenceLength || isRound || numeral.IsYear(n.value) {
		return false
	}

	first, _ := f.t.sentenceOf(n.first)
	open := strings.LastIndex(f.t.all[f.t.tokens[first].from:n.from], "(")
	if open < 0 || strings.Contains(f.t.all[f.t.tokens[first].from+open:n.from], ")") {
		return false
	}

	for i := n.first - 1; i >= first; i-- {
		if f.words.kindAt(i) != "" {
			return true
		}
	}

	return false
}

// isPaidNumber reports whether a number is an invoice's that is paid: "I've transferred 440 pounds for 54/26".
func (f *referenceFinder) isPaidNumber(n *numberSpan) bool {
	if !numeral.IsCountedInYear(n.value) {
		return false
	}
	return f.wants == "billing" || f.isAboutPaying(n.first)
}

// hasHashBefore reports whether "#" stands directly before a number of three characters or more: "#1" is rather a rank.
func hasHashBefore(t *text, n *numberSpan) bool {
	const shortest = 3
	return n.length() >= shortest && strings.HasSuffix(t.all[:n.from], "#")
}

// hasOtherBefore reports whether a word before a number announces the number of something that no desk looks up. It looks at the
// words of the same sentence, from the number backwards, at most as many as most says. Words that may stand between (fillers
// and marks) aren't counted. It stops at another number, to which the words before belong, unless that is the first group of the
// same number or is set against it. Where the words before speak of a part of what has the number, they announce no other.
func hasOtherBefore(t *text, words announcements, at, most int) bool {
	first, _ := t.sentenceOf(at)

	if isPartOf(t, at) {
		return false
	}

	for i := at - 1; i >= first && most > 0; i-- {
		isFirstGroup := i == at-1 && len(t.tokens[i].form) <= 2 // "Nummer 1 EMH00 1234"
		if t.tokens[i].number && !isFirstGroup && !isSetAgainst(t, i, at) {
			return false
		}

		isOfSize := i+1 < at && clothesSizes.has(t.wordAt(i+1)) // "size M" says nothing of a number behind the M
		if words[i].other && !words[i].nearOther && !isOfSize {
			return true
		}
		if !words[i].filler && !marks.has(t.tokens[i].form) {
			most--
		}
	}

	return false
}

// isPartOf reports whether the words before a number name a part of what has that number, or speak about it: "the article in
// 88213", "call me about 88213", "un article de la 88120".
func isPartOf(t *text, at int) bool {
	first, _ := t.sentenceOf(at)
	if at-2 > first && articles.has(t.tokens[at-1].form) {
		at--
	}
	if at-1 <= first {
		return false
	}
	return partPrepositions.has(t.tokens[at-1].form) || taxes.has(t.tokens[at-2].form)
}

// isSetAgainst reports whether a number is set against one that stands two or three words before it. Both are then of the
// same sort: "12345, not 12346".
func isSetAgainst(t *text, number, at int) bool {
	const farthest = 3
	if !numeral.IsWithin(at-number, 2, farthest) {
		return false
	}
	return oppositions.has(t.tokens[at-1].form)
}

// hasMarkBefore reports whether "no." or its like stands directly before a number that is long enough for a reference.
func hasMarkBefore(t *text, n *numberSpan) bool {
	if n.first == 0 || n.length() < minReferenceLength {
		return false
	}
	before := &t.tokens[n.first-1]
	return marks.has(before.form) && before.sentence == t.tokens[n.first].sentence
}

// isGivenNumber reports whether a number without any word of what it is may be one that the customer was given: five to eight
// digits that are no round number, no postcode before a town, and no sum of money.
func isGivenNumber(t *text, n *numberSpan) bool {
	if strings.Contains(n.value, ".") {
		return numeral.IsDotted(n.value)
	}

	const shortest, longest = 5, 8
	if !n.digitsOnly || !numeral.IsWithin(n.length(), shortest, longest) {
		return false
	}
	if n.value[0] == '0' || strings.HasSuffix(n.value, "00") {
		return false
	}
	if n.first > 0 && transfers.has(t.tokens[n.first-1].form) {
		return false
	}

	return !isPostcodeOfTown(t, n) && !isPostcodeInAddress(t, n)
}

// isPostcodeInAddress reports whether a street and a house's number stand before five digits in their sentence: "via Luna 118,
// interno 4, 40141".
func isPostcodeInAddress(t *text, n *numberSpan) bool {
	if n.length() != 5 {
		return false
	}
	first, _ := t.sentenceOf(n.first)
	hasStreet := false
	for i := first; i < n.first; i++ {
		hasStreet = hasStreet || isStreet(t.tokens[i].form)
		if hasStreet && t.tokens[i].number {
			return true
		}
	}
	return false
}

// isStreet reports whether a word begins or ends the name of a street: "via", "Bahnhofstraße".
func isStreet(form string) bool {
	return streets.has(form) || slices.ContainsFunc([]string{"strasse", "straat", "gasse", "laan", "allee"}, func(end string) bool {
		return strings.HasSuffix(form, end)
	})
}

// isPostcodeOfTown reports whether five digits stand before a word with a capital: "50667 Köln".
func isPostcodeOfTown(t *text, n *numberSpan) bool {
	if n.length() != len("50667") || !t.isOneSpaceAfter(n.last) {
		return false
	}
	r, _ := utf8.DecodeRuneInString(t.wordAt(n.last + 1))
	return unicode.IsUpper(r)
}
