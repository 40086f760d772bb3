package offline

import (
	"slices"
	"strings"

	"parley/bridge/analysis/offline/lexicon"
	"parley/bridge/analysis/offline/numeral"
)

// Customers name numbers: "order 4711", "my invoice from May, 88213". number.go finds the numbers; this file tells
// of each what it is a number of, its kind: an order, an invoice, a shipment and so on. The words before the number
// say it best (they announce it), then words around it, then what the customer wants.

// mostWordsBefore is how many words before a number are asked what it is of.
const mostWordsBefore = 5

// kindBefore returns the kind that the words before a number announce, in the same sentence; "" if none does. In "my order
// with the number 4711" it asks number, the and with, which may stand between, and then order.
func kindBefore(t *text, words announcements, n *numberSpan) string {
	isMarked := n.hashBefore
	for i := n.first - 1; i >= max(0, n.first-mostWordsBefore); i-- {
		between := t.separatorAfter(i)
		if strings.ContainsAny(between, "?!;") || strings.Count(between, "\n") > 1 {
			return ""
		}
		if !isMarked {
			isMarked = isMarkedBefore(t, i+1, words)
		}

		answer := askWord(t, words, n, wordBefore{at: i, isMarked: isMarked})
		if !answer.asksBefore {
			return answer.kind
		}
	}

	return ""
}

// wordBefore is a word before a number. It is marked if it, or something between it and the number, says that a
// number follows: "no.", or a colon.
type wordBefore struct {
	at       int
	isMarked bool
}

// wordAnswer is what a word before a number says of it: a kind, "" for a number that isn't a reference, or that the word
// before it is to be asked (asksBefore).
type wordAnswer struct {
	kind       string
	asksBefore bool
}

// askWord returns what one word before a number says of it. The first of these conditions counts. Words that may stand
// between a number and what announces it say nothing; any other word ends the search.
func askWord(t *text, words announcements, n *numberSpan, word wordBefore) wordAnswer {
	w := words[word.at]
	form := t.tokens[word.at].form
	switch {
	case w.firm && words.isVagueTogether(t, word.at): // "ref client"
		return wordAnswer{kind: kindOther}
	case w.kind != "" && words.isPlate(t, word.at): // "Rejestracja WZ 4471K"
		return wordAnswer{kind: kindOther}
	case w.other && word.isMarked && accountWords.has(form): // "Konto-Nr."
		return askWordOfOther(t, words, n, word.at)
	case w.kind != "":
		return askAnnouncement(words, n, word)
	case w.other:
		return askWordOfOther(t, words, n, word.at)
	case w.filler || mayStandBetween(t, word.at):
		return wordAnswer{asksBefore: true}
	}
	return wordAnswer{}
}

// askAnnouncement returns what a word says that announces numbers of a kind.
func askAnnouncement(words announcements, n *numberSpan, word wordBefore) wordAnswer {
	w := words[word.at]
	switch {
	case w.filler && words[word.at-1].kind != "": // the word before it tells more
		return wordAnswer{asksBefore: true}
	case !isPlausible(n, word.isMarked):
		return wordAnswer{}
	case w.vague:
		return wordAnswer{kind: kindVague}
	}
	return wordAnswer{kind: w.kind}
}

// askWordOfOther returns what a word says that announces numbers of something else.
func askWordOfOther(t *text, words announcements, n *numberSpan, at int) wordAnswer {
	isCode := codeWords.has(t.tokens[at].form)
	if isCode && numeral.HasMixedParts(n.value) { // "the code 77Q-3310" is no door's
		return wordAnswer{}
	}
	if isCode && !n.digitsOnly && t.hasBookingBefore(at) { // "réservation au nom de Petit, code QX7-44P"
		return wordAnswer{kind: kindOrder}
	}

	if words[at].filler {
		before := words[at-1]
		asksBefore := before.kind != "" || before.filler
		if asksBefore {
			return wordAnswer{asksBefore: true}
		}
		return wordAnswer{kind: kindOther}
	}

	const longestOfWhole = 8 // of an order that something is a part of; a longer number is the article's own
	isNear := at == n.first-1
	isLong := n.length() > longestOfWhole
	if !isNear && !isLong && isPartOf(t, n.first) { // "the article in 88213"
		return wordAnswer{}
	}
	return wordAnswer{kind: kindOther}
}

// isPlate reports whether a word is the letters of a car's number plate, behind a word that announces it.
func (words announcements) isPlate(t *text, at int) bool {
	before := words[at-1]
	return before.other && !before.filler && isInitials(t.wordAt(at))
}

// mayStandBetween reports whether a word may stand between a number and what announces it, as "º" of "n.º" does.
func mayStandBetween(t *text, at int) bool {
	isQuotedLetter := t.tokens[at].quoted && len(t.tokens[at].form) == 1
	return isQuotedLetter || t.wordAt(at) == "º" || isInitials(t.wordAt(at))
}

// isVagueTogether reports whether a word, or the one before it that belongs to the same phrase, announces a number of
// whatever the text is about: "ref client".
func (words announcements) isVagueTogether(t *text, at int) bool {
	if isVague(t.tokens[at].form) {
		return true
	}
	return words[at-1].firm && isVague(t.tokens[at-1].form)
}

// isInitials reports whether a word is two or three capitals, as before the digits of "KV 2218".
func isInitials(word string) bool {
	const longest = 3
	return numeral.IsWithin(len(word), 2, longest) && numeral.HasOnlyCapitals(word)
}

// isPlausible reports whether a number may be a reference where a word announces it. Without a mark, short digits are rather
// a quantity or a year.
func isPlausible(n *numberSpan, isMarked bool) bool {
	if isMarked || !n.digitsOnly || n.groupsFollow {
		return true
	}
	return n.length() >= shortestReference && !numeral.IsYear(n.value)
}

// kindAround returns the kind of a number that no word announces directly. The first of these decides:
//   - an announcing word elsewhere in its sentence;
//   - a sentence that speaks of paying makes it an invoice, unless an order is to be changed;
//   - an announcing word in the two sentences before, or in a subject;
//   - what the customer wants: an invoice or a quote.
//
// Otherwise it is an order.
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

// kindNear returns the kind of an announcing word in a number's sentence, in one of the two before, or in a subject; "" where
// there is none.
func (f *referenceFinder) kindNear(at int) string {
	if kind := f.kindInSentence(at); kind != "" {
		return kind
	}
	return f.kindBeforeSentence(at)
}

// kindInSentence returns the kind of the announcing word in a number's sentence that is nearest before it, or else behind it.
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

// isAboutChange reports whether what stands right before a number asks to change or to cancel it, as one does with orders:
// "annullate OC26/0118, l'ho pagato due volte".
func (f *referenceFinder) isAboutChange(at int) bool {
	const nearest = 2 // words
	return slices.ContainsFunc(f.matches, func(m match) bool {
		isChange := m.Family == lexicon.OfIntent && (m.Name == "order_change" || m.Name == "cancel")
		return isChange && numeral.IsWithin(at-m.last, 1, nearest) && f.t.tokens[m.last].sentence == f.t.tokens[at].sentence
	})
}

// isAboutPaying reports whether the sentence of a word speaks of paying.
func (f *referenceFinder) isAboutPaying(at int) bool {
	first, last := f.t.sentenceOf(at)
	return slices.ContainsFunc(f.matches, func(m match) bool {
		if m.Family != lexicon.OfIntent || m.Name != "billing" {
			return false
		}
		return m.first >= first && m.last <= last
	})
}

// tellVagueKind returns the kind of a number behind a word as "reference": what its letters say, or a word around it. Of
// somebody who tells of a fault it is a ticket's.
func (f *referenceFinder) tellVagueKind(n *numberSpan) string {
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

// kindOfPrefix tells a kind by the letters at the beginning of a number, where these are usual; else "".
func kindOfPrefix(value string) string {
	if numeral.IsParcelNumber(value) {
		return kindShipment
	}

	const shortestRest = 3 // of what follows the letters: "INV 12" is too little
	length := numeral.PrefixLength(value)
	if len(value)-length < shortestRest {
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
