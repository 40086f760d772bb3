package offline

import (
	"slices"

	"parley/bridge/analysis"
	"parley/bridge/analysis/offline/numeral"
)

// A reference is a number that an agent may want to look up, such as that of an order, an invoice or a parcel. In "Where is my
// order 4711?" it is "4711", of the kind "order". A word before a number that says what it is, such as "order", announces
// the number. A desk, which is one company's helpdesk, may also define the formats of its numbers by patterns.

// maxReferences is the maximum number of references in an answer.
const maxReferences = 20

// The kinds of numbers. The last two are used only within this package.
const (
	kindOrder    = "order"
	kindQuote    = "quote"
	kindInvoice  = "invoice"
	kindShipment = "shipment"
	kindTicket   = "ticket"

	kindOther = "other" // not a reference: a phone, customer or article number
	kindVague = "vague" // depends on what the text is about: "my reference 4711"
)

// numberSpan is a possible reference in a text.
type numberSpan struct {
	from, to     int    // in text.all
	first, last  int    // indices in text.tokens
	value        string // as the customer wrote it
	digitsOnly   bool
	hashBefore   bool // "#" or "n°" precedes it
	groupsFollow bool // it is the first of several groups of digits
	impossible   bool // a date, price, time or phone number, and so not a reference unless its groups are announced
}

// length returns the number of bytes in the text.
func (n *numberSpan) length() int { return n.to - n.from }

// hints indicate the kind of a number that isn't announced.
type hints struct {
	wants     string // the intent of the text, or "" if it isn't clear
	likeliest string // the likeliest intent, even if it isn't clear
	asked     string // the kind of number that an agent asked for last, or ""
}

// findReferences returns the references in a text, found by the desk's patterns or by the words around the numbers. A desk
// without patterns gets references of all kinds. For other desks, a pattern without a regular expression stands for the
// numbers of its kind that are found by the words around them, and sets their link.
func (a *Analyzer) findReferences(t *text, matches []match, patterns []analysis.Pattern, h hints) []analysis.Reference {
	allowed := map[string]analysis.Pattern{} // by kind
	for _, p := range patterns {
		if p.Regexp == "" && p.Kind != "" {
			allowed[p.Kind] = p
		}
	}

	found := a.patterns.Find(t.all, patterns)
	if len(patterns) == 0 || len(allowed) > 0 {
		f := referenceFinder{t: t, matches: matches, words: findAnnouncements(t, matches), hints: h}
		for _, r := range f.find() {
			pattern, isAllowed := allowed[r.Kind]
			if len(patterns) > 0 && !isAllowed {
				continue
			}

			r.Link = pattern.LinkTo(r.Value)
			found = append(found, r)
		}
	}

	return deduplicate(found)
}

// deduplicate returns the first maxReferences references with different values.
func deduplicate(found []analysis.Reference) []analysis.Reference {
	var unique []analysis.Reference
	for _, r := range found {
		isSame := func(other analysis.Reference) bool { return other.Value == r.Value }
		if len(unique) < maxReferences && !slices.ContainsFunc(unique, isSame) {
			unique = append(unique, r)
		}
	}
	return unique
}

// findAskedKind returns the kind of number that the last two earlier messages ask for ("Could you give me the order
// number?"), or "".
func (a *Analyzer) findAskedKind(before []analysis.Message) string {
	if len(before) == 0 {
		return ""
	}
	t := readText(before[max(0, len(before)-2):])
	language, use := a.languages.Detect(t.words())
	words := findAnnouncements(t, a.findMatches(t, language, use))
	kind := ""
	for i := range t.tokens {
		if words.kindAt(i) != "" && !words[i].other && !t.hasNumberAfter(i) {
			kind = words.kindAt(i)
		}
	}
	return kind
}

// hasNumberAfter reports whether one of the next three words of the sentence is a number, which is then given and not asked
// for: "your order 4711 left us".
func (t *text) hasNumberAfter(at int) bool {
	const ahead = 3
	_, last := t.sentenceOf(at)
	for i := at + 1; i <= min(last, at+ahead); i++ {
		if numeral.CountDigits(t.wordAt(i)) >= minLengthInList {
			return true
		}
	}
	return false
}

// referenceFinder finds the references in one text by the words that announce them, by marks such as "#", and by the
// numbers' form.
type referenceFinder struct {
	t       *text
	matches []match
	words   announcements
	hints

	previous    foundNumber // the last reference; its kind is "" before the first one
	otherLength int         // the length of the last number of digits that isn't a reference, or 0
	otherEnd    int         // the end of the last number that is announced as something else, or 0
}

// foundNumber is a number that was recognised as a reference.
type foundNumber struct {
	kind      string
	end, size int // in text.all; in bytes
}

// find returns the references of the text in order, followed by booking codes.
func (f *referenceFinder) find() []analysis.Reference {
	var found []analysis.Reference
	readUntil := -1
	for _, n := range numbersIn(f.t) {
		if n.from < readUntil {
			continue // a group of the number before it
		}

		kind, isCandidate := n.readWhole(f.t, f.words)
		if kind == "" {
			kind = f.readGroups(&n)
			isCandidate = isCandidate || kind != ""
		}

		readUntil = n.to

		if !isCandidate {
			continue
		}

		switch kind {
		case "":
			kind = f.kindWithoutAnnouncement(&n)
		case kindVague:
			kind = f.kindOfVague(&n)
		}

		if kind == "" || kind == kindOther {
			f.noteOther(&n, kind)
			if kind == kindOther {
				f.otherEnd = n.to
			}
			continue
		}

		f.previous = foundNumber{kind: kind, end: n.to, size: n.length()}
		found = append(found, analysis.Reference{Kind: kind, Value: n.value})
	}

	for _, code := range findBookingCodes(f.t) {
		found = append(found, analysis.Reference{Kind: kindOrder, Value: code})
	}

	return found
}

// minLengthInList is the minimum length of a further number in a list: in "order 4711 and 2 lamps", the 2 isn't one.
const minLengthInList = 3

// minReferenceLength is the minimum length of a reference in digits. Shorter numbers are more likely quantities.
const minReferenceLength = 4

// Carriers' numbers are longer than others.
const (
	minShipmentDigits   = 9  // the number in "Where is my parcel? 55120" is that of an order
	clearShipmentLength = 12 // in bytes: "BRT ha perso 049123456789"
)

// kindWithoutAnnouncement returns the kind of a number that isn't announced, or "" if it isn't a reference. The rules are in
// order of certainty. It adds capitals that belong to the number to n.value.
func (f *referenceFinder) kindWithoutAnnouncement(n *numberSpan) string {
	if f.isNextInList(n) {
		return f.previous.kind
	}
	if f.otherEnd > 0 && isJoin(f.t.all[f.otherEnd:n.from]) {
		return kindOther // the next in a list: "Debiteurnrs. 61-204 en 61-377"
	}
	if n.isInSquareBrackets(f.t) {
		return kindTicket
	}
	if kind := n.readPaper(f.t); kind != "" {
		return kind
	}

	if kind := kindOfPrefix(n.value); kind != "" {
		isOther := n.digitsOnly && hasOtherBefore(f.t, f.words, n.first, farOther)
		if isOther {
			return ""
		}
		return kind
	}

	if f.isLikeOther(n) {
		return ""
	}
	if kind := f.kindAfter(n); kind != "" {
		return kind
	}
	if f.isAnswer(n) {
		return f.kindOfUnannounced(n)
	}

	if f.isUnannouncedReference(n) || f.isSubject(n) {
		kind := f.kindOfUnannounced(n)
		n.value = n.valueWithLetters(f.t, f.words)
		return kind
	}

	isLong := len(n.value) >= clearShipmentLength && !hasOtherBefore(f.t, f.words, n.first, farOther)
	if isLong && f.kindAround(n.first) == kindShipment {
		return kindShipment
	}

	return ""
}

// isNextInList reports whether a number continues a list or range that starts with the reference before it: "4711 and
// 4712", "1001 to 1004".
func (f *referenceFinder) isNextInList(n *numberSpan) bool {
	before := f.previous
	if before.kind == "" || n.length() < minLengthInList {
		return false
	}
	isLikely := n.length() >= minReferenceLength || n.length() == before.size
	if isLikely && isJoin(f.t.all[before.end:n.from]) {
		return true
	}
	return n.isEndOfRange(f.t, before)
}

// isLikeOther reports whether a number has as many digits as an earlier one that isn't a reference, in a text that announces
// no reference: "the meter reads 48213, in May it was 47990".
func (f *referenceFinder) isLikeOther(n *numberSpan) bool {
	isAsLong := n.digitsOnly && len(n.value) == f.otherLength
	return isAsLong && !f.words.hasAnyKind()
}

// kindOfUnannounced returns the kind of a number that is known to be a reference but isn't announced.
func (f *referenceFinder) kindOfUnannounced(n *numberSpan) string {
	if f.asked != "" && f.kindInSentence(n.first) == "" {
		return f.asked
	}
	kind := f.kindAround(n.first)
	if kind == kindShipment && numeral.CountDigits(n.value) < minShipmentDigits {
		return kindOrder
	}
	return kind
}

// noteOther remembers the length of a number that isn't a reference, for isLikeOther.
func (f *referenceFinder) noteOther(n *numberSpan, kind string) {
	if !n.digitsOnly {
		return
	}
	if kind == kindOther || hasOtherBefore(f.t, f.words, n.first, farOther) {
		f.otherLength = len(n.value)
	}
}

// readWhole extends a number by the words that belong to it, and returns the kind that the words before it announce, or "".
// isCandidate is false if the number can't be a reference.
func (n *numberSpan) readWhole(t *text, words announcements) (kind string, isCandidate bool) {
	n.addFile(t)
	hasLetters := n.addLetters(t, words)
	kind = kindBefore(t, words, n)
	if wide := *n; wide.joinOverSlash(t) {
		if kindOfWide := kindBefore(t, words, &wide); kindOfWide != "" {
			*n = wide
			kind = kindOfWide
		}
	}

	if hasLetters {
		return kind, true
	}
	if n.isSpacedDate(t) {
		n.to = t.tokens[n.last+2].to // so that the month and the year aren't examined as numbers
		return "", false
	}

	if kind == "" || kind == kindOther {
		if n.hashBefore {
			n.addTail(t)
		}
		return kind, !n.impossible
	}

	n.addTail(t)
	isFirstGroup := n.groupsFollow || n.isFirstOfThree(t)
	if isFirstGroup || n.isFirstOfTwo(t, words) {
		n.takeGroups(t)
		n.addFinalLetter(t)
		return kind, n.value != ""
	}

	if !n.impossible {
		n.addShortGroups(t)
	}

	return kind, !n.impossible
}
