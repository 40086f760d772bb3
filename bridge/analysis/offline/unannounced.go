package offline

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"parley/bridge/analysis/offline/numeral"
)

// A reference is a number that a helpdesk can look up, such as an order number. Mostly a word announces it: "order 4711". But
// some customers write only "4711 hasn't come yet". This file decides whether such a number is a reference, by its form, the
// words around it and what the customer wants (f.wants, the intent).

// The maximum distance, in words, of a word that announces something else than a reference, such as "phone". Letters and
// digits together, as in "AB-4410", are mostly a reference, so only near words count for them.
const (
	farOther  = 6
	nearOther = 2
)

// isUnannouncedReference reports whether a number that isn't announced is a reference.
func (f *referenceFinder) isUnannouncedReference(n *numberSpan) bool {
	if hasHashBefore(f.t, n) {
		return true
	}

	isAfterCode := n.first > 0 && codeWords.has(f.t.tokens[n.first-1].form)
	if isAfterCode && numeral.HasMixedParts(n.value) {
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

// isModel reports whether a number that isn't announced is the name of a model or article, for example in a question about
// a product: "does the A2411 fit?"
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

// isAboutGoods reports whether the sentence of the word at is a question about a product, in a text that announces no
// reference.
func (f *referenceFinder) isAboutGoods(at int) bool {
	if f.words.hasClearKind() {
		return false
	}
	_, last := f.t.sentenceOf(at)
	isLikely := f.t.tokens[last].asks && f.likeliest == "product"
	return isLikely || f.wants == "product"
}

// isSubject reports whether four digits after a preposition or an article are the order that the customer writes about: "in
// 6614 please swap the rye loaf", "où en est la 5512". Years and round numbers aren't.
func (f *referenceFinder) isSubject(n *numberSpan) bool {
	isRound := strings.HasSuffix(n.value, "00") || strings.HasSuffix(n.value, "50")
	if !n.digitsOnly || len(n.value) != minReferenceLength || isRound || numeral.IsYear(n.value) {
		return false
	}
	return f.isAfterSubject(n) && !f.isAboutGoods(n.first)
}

// isAfterSubject reports whether a number follows a word that often precedes an order, in a text about an order.
func (f *referenceFinder) isAfterSubject(n *numberSpan) bool {
	switch f.wants {
	case "order_change", "order_status", "return", "":
	default:
		return false
	}

	if n.first == 0 {
		return false
	}

	if !f.isAfterOrderWord(n) || hasOtherBefore(f.t, f.words, n.first, farOther) {
		return false
	}

	r, _ := utf8.DecodeRuneInString(strings.TrimLeft(f.t.all[n.to:], " "))
	isBeforeNoun := unicode.IsUpper(r) // in German, and so a count
	return !isBeforeNoun
}

// isAfterOrderWord reports whether a number follows a preposition, as in "in 6614", or an article. If the intent isn't clear,
// a preposition must precede the article: "für die 8841".
func (f *referenceFinder) isAfterOrderWord(n *numberSpan) bool {
	before := f.t.tokens[n.first-1].form
	if orderPrepositions.has(before) {
		return true
	}
	if !articles.has(before) {
		return false
	}
	return f.wants != "" || n.first > 1 && orderPrepositions.has(f.t.tokens[n.first-2].form)
}

// isRoundOrder reports whether a number with the form of a model name, such as "RX-3000", is the order that the customer
// writes about: "las sillas del RX-3000 no han llegado".
func (f *referenceFinder) isRoundOrder(n *numberSpan) bool {
	letters, digits, _ := strings.Cut(n.value, "-")
	hasPrefix := numeral.IsWithin(len(letters), 1, 3) && numeral.HasOnlyCapitals(letters)
	hasNumber := len(digits) >= 3 && numeral.HasOnlyDigits(digits)
	isAboutOrder := f.wants == "order_status" || f.wants == "order_change"
	return hasPrefix && hasNumber && isAboutOrder && !numeral.IsRating(n.value) && f.isAfterSubject(n)
}

// isInBrackets reports whether a number is in brackets after the word that announces it: "the two orders (A 4417 and B
// 4418)".
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

// isPaidNumber reports whether a number is that of an invoice, in a text about paying: "I've transferred 440 pounds for
// 54/26".
func (f *referenceFinder) isPaidNumber(n *numberSpan) bool {
	if !numeral.IsCountedInYear(n.value) {
		return false
	}
	return f.wants == "billing" || f.isAboutPaying(n.first)
}

// hasHashBefore reports whether "#" precedes a number of at least three characters. "#1" is more likely a rank.
func hasHashBefore(t *text, n *numberSpan) bool {
	const minLength = 3
	return n.length() >= minLength && strings.HasSuffix(t.all[:n.from], "#")
}

// hasOtherBefore reports whether one of the last maxWords words before the number at announces something else than a
// reference. It examines the words of the same sentence backwards. Fillers and marks such as "no." don't count. It stops at
// another number, which the words before it belong to, unless that is the first group of the same number or is contrasted
// with it. In "the article in 88213", the word "article" doesn't announce the number (isPartOf).
func hasOtherBefore(t *text, words announcements, at, maxWords int) bool {
	first, _ := t.sentenceOf(at)

	if isPartOf(t, at) {
		return false
	}

	for i := at - 1; i >= first && maxWords > 0; i-- {
		isFirstGroup := i == at-1 && len(t.tokens[i].form) <= 2 // "Nummer 1 EMH00 1234"
		if t.tokens[i].number && !isFirstGroup && !isContrasted(t, i, at) {
			return false
		}

		isOfSize := i+1 < at && clothesSizes.has(t.wordAt(i+1)) // "size" in "size M" announces only the M
		if words[i].other && !words[i].nearOther && !isOfSize {
			return true
		}
		if !words[i].filler && !marks.has(t.tokens[i].form) {
			maxWords--
		}
	}

	return false
}

// isPartOf reports whether the words before a number mention a part of its order, or say what the text is about: "the article
// in 88213", "call me about 88213", "un article de la 88120".
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

// isContrasted reports whether the number at is contrasted with an earlier one, two or three words before it. Both are then
// of the same kind: "12345, not 12346".
func isContrasted(t *text, earlier, at int) bool {
	const maxDistance = 3
	if !numeral.IsWithin(at-earlier, 2, maxDistance) {
		return false
	}
	return oppositions.has(t.tokens[at-1].form)
}

// hasMarkBefore reports whether "no." or the like precedes a number that is long enough for a reference.
func hasMarkBefore(t *text, n *numberSpan) bool {
	if n.first == 0 || n.length() < minReferenceLength {
		return false
	}
	before := &t.tokens[n.first-1]
	return marks.has(before.form) && before.sentence == t.tokens[n.first].sentence
}

// isGivenNumber reports whether a number looks as if the customer was given it: five to eight digits that aren't a round
// number, a postcode or an amount of money.
func isGivenNumber(t *text, n *numberSpan) bool {
	if strings.Contains(n.value, ".") {
		return numeral.IsDotted(n.value)
	}

	const minDigits, maxDigits = 5, 8
	if !n.digitsOnly || !numeral.IsWithin(n.length(), minDigits, maxDigits) {
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

// isPostcodeInAddress reports whether five digits follow a street and a house number in the same sentence: "via Luna 118,
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

// isStreet reports whether a word is part of the name of a street: "via", "Bahnhofstraße".
func isStreet(form string) bool {
	endings := []string{"strasse", "straat", "gasse", "laan", "allee"}
	return streets.has(form) || slices.ContainsFunc(endings, func(end string) bool { return strings.HasSuffix(form, end) })
}

// isPostcodeOfTown reports whether five digits precede a capitalised word: "50667 Köln".
func isPostcodeOfTown(t *text, n *numberSpan) bool {
	if n.length() != len("50667") || !t.isOneSpaceAfter(n.last) {
		return false
	}
	r, _ := utf8.DecodeRuneInString(t.wordAt(n.last + 1))
	return unicode.IsUpper(r)
}
