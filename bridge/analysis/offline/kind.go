package offline

import (
	"slices"
	"strings"

	"parley/bridge/analysis/offline/lexicon"
	"parley/bridge/analysis/offline/numeral"
)

// Customers mention numbers: "order 4711", "my invoice from May, 88213". number.go finds the numbers, and this file
// determines the kind of each: an order, an invoice, a shipment and so on. The best evidence are words before the number
// that announce it, then the words around it, then what the customer wants (the intent). The lexicons list announcing words
// in each language, and announcements (announce.go) has those of a text by their index.

// maxWordsBefore is the maximum distance between a number and the word that announces it.
const maxWordsBefore = 5

// kindBefore returns the kind that the words before a number announce, or "". It examines them from the last to the first.
// In "my order with the number 4711", these are "number", "the" and "with", which don't decide, and then "order".
func kindBefore(t *text, words announcements, n *numberSpan) string {
	isMarked := n.hashBefore
	for i := n.first - 1; i >= max(0, n.first-maxWordsBefore); i-- {
		between := t.separatorAfter(i)
		if strings.ContainsAny(between, "?!;") || strings.Count(between, "\n") > 1 {
			return ""
		}
		if !isMarked {
			isMarked = isMarkedBefore(t, i+1, words)
		}

		result := kindByWord(t, words, n, wordBefore{at: i, isMarked: isMarked})
		if !result.isUndecided {
			return result.kind
		}
	}

	return ""
}

// wordBefore is a word before a number. It is marked if "no.", a colon or the like follows, or if it is such a word.
type wordBefore struct {
	at       int // index in text.tokens
	isMarked bool
}

// wordVerdict is the result of examining a word before a number.
type wordVerdict struct {
	kind        string // "" if the number isn't a reference
	isUndecided bool   // the word doesn't decide, so the word before it must be examined
}

// kindByWord examines one word before a number. The first matching case counts. Fillers don't decide, and any other word
// without a meaning ends the search.
func kindByWord(t *text, words announcements, n *numberSpan, word wordBefore) wordVerdict {
	w := words[word.at]
	form := t.tokens[word.at].form
	switch {
	case w.firm && words.isVagueTogether(t, word.at): // "ref client"
		return wordVerdict{kind: kindOther}
	case w.kind != "" && words.isPlate(t, word.at): // "Rejestracja WZ 4471K"
		return wordVerdict{kind: kindOther}
	case w.other && word.isMarked && accountWords.has(form): // "Konto-Nr."
		return kindByOtherWord(t, words, n, word.at)
	case w.kind != "":
		return kindByAnnouncement(words, n, word)
	case w.other:
		return kindByOtherWord(t, words, n, word.at)
	case w.filler || isUnlistedFiller(t, word.at):
		return wordVerdict{isUndecided: true}
	}
	return wordVerdict{}
}

// kindByAnnouncement examines a word that announces a reference.
func kindByAnnouncement(words announcements, n *numberSpan, word wordBefore) wordVerdict {
	w := words[word.at]
	switch {
	case w.filler && words[word.at-1].kind != "": // the word before it is more specific
		return wordVerdict{isUndecided: true}
	case !isPlausible(n, word.isMarked):
		return wordVerdict{}
	case w.vague:
		return wordVerdict{kind: kindVague}
	}
	return wordVerdict{kind: w.kind}
}

// kindByOtherWord examines a word that announces a number which isn't a reference, such as a phone number.
func kindByOtherWord(t *text, words announcements, n *numberSpan, at int) wordVerdict {
	isCode := codeWords.has(t.tokens[at].form)
	if isCode && numeral.HasMixedParts(n.value) { // "the code 77Q-3310" isn't a door code
		return wordVerdict{}
	}
	if isCode && !n.digitsOnly && t.hasBookingBefore(at) { // "réservation au nom de Petit, code QX7-44P"
		return wordVerdict{kind: kindOrder}
	}

	if words[at].filler {
		before := words[at-1]
		if before.kind != "" || before.filler {
			return wordVerdict{isUndecided: true}
		}
		return wordVerdict{kind: kindOther}
	}

	const maxOrderLength = 8 // a longer number is that of the article
	isNear := at == n.first-1
	isLong := n.length() > maxOrderLength
	if !isNear && !isLong && isPartOf(t, n.first) { // "the article in 88213"
		return wordVerdict{}
	}
	return wordVerdict{kind: kindOther}
}

// isPlate reports whether a word is the letters of a licence plate, after a word that announces one.
func (words announcements) isPlate(t *text, at int) bool {
	before := words[at-1]
	return before.other && !before.filler && isInitials(t.wordAt(at))
}

// isUnlistedFiller reports whether a word that isn't in the lexicons may be between an announcing word and the number, such
// as the "º" in "n.º".
func isUnlistedFiller(t *text, at int) bool {
	isQuotedLetter := t.tokens[at].quoted && len(t.tokens[at].form) == 1
	return isQuotedLetter || t.wordAt(at) == "º" || isInitials(t.wordAt(at))
}

// isVagueTogether reports whether a word, or the one before it in the same phrase, means "reference": "ref client".
func (words announcements) isVagueTogether(t *text, at int) bool {
	if isVague(t.tokens[at].form) {
		return true
	}
	return words[at-1].firm && isVague(t.tokens[at-1].form)
}

// isInitials reports whether a word is two or three capitals, such as in "KV 2218".
func isInitials(word string) bool {
	const maxLetters = 3
	return numeral.IsWithin(len(word), 2, maxLetters) && numeral.HasOnlyCapitals(word)
}

// isPlausible reports whether an announced number can be a reference. Without a mark such as "no.", short numbers are more
// likely quantities or years.
func isPlausible(n *numberSpan, isMarked bool) bool {
	if isMarked || !n.digitsOnly || n.groupsFollow {
		return true
	}
	return n.length() >= minReferenceLength && !numeral.IsYear(n.value)
}

// kindAround returns the kind of a number that isn't announced directly. The first of these rules that applies decides:
//   - The kind of an announcing word elsewhere in the sentence.
//   - An invoice, if the sentence is about paying and doesn't ask to change an order.
//   - The kind of an announcing word in the two sentences before, or in a subject.
//   - An invoice or a quote, if that is the customer's intent.
//   - An order.
func (f *referenceFinder) kindAround(at int) string {
	if kind := f.kindInSentence(at); kind != "" {
		return kind
	}
	if f.isAboutPaying(at) && !f.isAboutChange(at) {
		return kindInvoice
	}
	if kind := f.kindBeforeSentence(at); kind != "" {
		return kind
	}
	if f.wants == "billing" && !f.isAboutChange(at) {
		return kindInvoice
	}
	if f.wants == "quote" {
		return kindQuote
	}

	return kindOrder
}

// kindNear returns the kind of an announcing word in a number's sentence, in the two sentences before or in a subject. It
// returns "" if there is none.
func (f *referenceFinder) kindNear(at int) string {
	if kind := f.kindInSentence(at); kind != "" {
		return kind
	}
	return f.kindBeforeSentence(at)
}

// kindInSentence returns the kind of the nearest announcing word before a number in its sentence, or else after it.
func (f *referenceFinder) kindInSentence(at int) string {
	first, last := f.t.sentenceOf(at)
	for i := at - 1; i >= first; i-- {
		if kind := f.words.kindAt(i); kind != "" {
			return kind
		}
	}
	for i := at + 1; i <= last; i++ {
		if kind := f.words.kindAt(i); kind != "" {
			return kind
		}
	}
	return ""
}

// kindBeforeSentence returns the kind of the last announcing word in the two sentences before a number's, or else in a
// subject.
func (f *referenceFinder) kindBeforeSentence(at int) string {
	first, _ := f.t.sentenceOf(at)
	isNear := true
	for i := first - 1; i >= 0; i-- {
		isNear = isNear && f.t.tokens[i].sentence >= f.t.tokens[at].sentence-2
		if !isNear && len(f.t.subjects) == 0 {
			return ""
		}
		kind := f.words.kindAt(i)
		if kind != "" && (isNear || f.t.isInSubject(f.t.tokens[i].from)) {
			return kind
		}
	}
	return ""
}

// isAboutChange reports whether the words before a number ask to change or cancel it, so that it is an order: "annullate
// OC26/0118, l'ho pagato due volte".
func (f *referenceFinder) isAboutChange(at int) bool {
	const maxDistance = 2 // words
	return slices.ContainsFunc(f.matches, func(m match) bool {
		isChange := m.Family == lexicon.OfIntent && (m.Name == "order_change" || m.Name == "cancel")
		isNear := numeral.IsWithin(at-m.last, 1, maxDistance)
		return isChange && isNear && f.t.tokens[m.last].sentence == f.t.tokens[at].sentence
	})
}

// isAboutPaying reports whether the sentence of a word is about paying.
func (f *referenceFinder) isAboutPaying(at int) bool {
	first, last := f.t.sentenceOf(at)
	return slices.ContainsFunc(f.matches, func(m match) bool {
		if m.Family != lexicon.OfIntent || m.Name != "billing" {
			return false
		}
		return m.first >= first && m.last <= last
	})
}

// kindOfVague returns the kind of a number that is announced only as a "reference". It depends on the number's letters, on
// the words around it and on the intent: a customer who reports a problem means a ticket.
func (f *referenceFinder) kindOfVague(n *numberSpan) string {
	if kind := kindOfPrefix(n.value); kind != "" {
		return kind
	}
	if f.isAboutGoods(n.first) {
		return kindOther // "do the gloves ref. 7710-M meet EN 455?"
	}

	kind := f.kindAround(n.first)
	if kind != kindOrder || f.words.hasKind(kindOrder) {
		return kind
	}

	switch f.wants {
	case "problem", "account", "feedback", "":
		return kindTicket
	}

	return kind
}

// kindOfPrefix returns the kind of a number with the form of a parcel number or with a usual prefix: "INV-1183". It returns
// "" for others.
func kindOfPrefix(value string) string {
	if numeral.IsParcelNumber(value) {
		return kindShipment
	}

	const minRest = 3 // after the letters; "INV 12" is too short
	length := numeral.PrefixLength(value)
	if len(value)-length < minRest {
		return ""
	}

	prefix := strings.ToUpper(strings.TrimRight(value[:length], "-_/ "))
	switch {
	case orderPrefixes.has(prefix):
		return kindOrder
	case invoicePrefixes.has(prefix):
		return kindInvoice
	case quotePrefixes.has(prefix):
		return kindQuote
	case ticketPrefixes.has(prefix):
		return kindTicket
	case shipmentPrefixes.has(prefix):
		return kindShipment
	}
	return ""
}
