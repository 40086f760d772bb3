package offline

import (
	"slices"

	"parley/bridge/analysis"
	"parley/bridge/analysis/offline/numeral"
)

// A reference is a number that a customer names and that colleagues may want to look up: of an order, an invoice, a
// parcel. In "Where is my order 4711?" it is the order "4711". A desk, which is one company's helpdesk, may also
// say by patterns what its numbers look like.

// mostReferences bounds how many numbers one burst gives.
const mostReferences = 20

// What a number may be of. The first five are the kinds that a desk knows; the others never leave this package.
const (
	kindOrder    = "order"
	kindQuote    = "quote"
	kindInvoice  = "invoice"
	kindShipment = "shipment"
	kindTicket   = "ticket"

	kindOther = "other" // something that no desk looks up: a telephone, a customer, an article
	kindVague = "vague" // whatever the text is about: "my reference 4711"
)

// numberSpan is something that looks like a number of an order, an invoice or the like.
type numberSpan struct {
	from, to     int    // in text.all
	first, last  int    // its words, by their places in the text
	value        string // as it is written
	digitsOnly   bool
	hashBefore   bool // "#" or "n°" stands directly before it
	groupsFollow bool // it is the first of several groups of digits
	impossible   bool // a date, a price, a time, a telephone: no reference, unless a word announces its groups
}

// length says how many bytes a number has in the text.
func (n *numberSpan) length() int { return n.to - n.from }

// hints tell the kind of a number where no word does.
type hints struct {
	wants     string // the intent of the text, "" if it is in doubt
	likeliest string // the same, though it is in doubt
	asked     string // the kind of number that an agent asked for last, "" if none
}

// findReferences finds the numbers that a customer named: by the desk's patterns, or by the words before the numbers. A desk
// without patterns gets numbers of all kinds. Of another desk, a pattern without a regular expression allows the numbers of
// its kind that words announce, and gives them their link.
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

	return dropRepeated(found)
}

// dropRepeated returns the first references of all, each value once.
func dropRepeated(found []analysis.Reference) []analysis.Reference {
	var once []analysis.Reference
	for _, r := range found {
		isSame := func(o analysis.Reference) bool { return o.Value == r.Value }
		if len(once) < mostReferences && !slices.ContainsFunc(once, isSame) {
			once = append(once, r)
		}
	}
	return once
}

// findAskedKind returns the kind of number that was asked for in the last two messages before a burst, "" if none was.
func (a *Analyzer) findAskedKind(before []analysis.Message) string {
	if len(before) == 0 {
		return ""
	}
	t := readText(before[max(0, len(before)-2):])
	language, use := a.languages.Detect(t.words())
	words := findAnnouncements(t, a.findMatches(t, language, use))
	kind := ""
	for i := range t.tokens {
		if words.kindAt(i) != "" && !words[i].other && !t.hasNumberBehind(i) {
			kind = words.kindAt(i)
		}
	}
	return kind
}

// hasNumberBehind reports whether one of the next words of a word's sentence is a number, which then needn't be asked for:
// "your order 4711 left us".
func (t *text) hasNumberBehind(at int) bool {
	const nearest = 3
	_, last := t.sentenceOf(at)
	for i := at + 1; i <= min(last, at+nearest); i++ {
		if numeral.CountDigits(t.wordAt(i)) >= shortestInRow {
			return true
		}
	}
	return false
}

// referenceFinder finds the numbers of one text by the words which announce them, by "#", and by the letters which they
// begin with.
type referenceFinder struct {
	t       *text
	matches []match
	words   announcements
	hints

	previous    foundNumber // the last reference; its kind is "" before the first one
	otherLength int         // how many digits the last number has that is digits only and of something else
	otherEnd    int         // where the last number ends that words announce as something else's, 0 before the first one
}

// foundNumber is a number that was taken for a reference, with where it ends.
type foundNumber struct {
	kind      string
	end, size int
}

// find returns the references of the text, in order, and behind them the codes of bookings.
func (f *referenceFinder) find() []analysis.Reference {
	var found []analysis.Reference
	readUntil := -1
	for _, n := range numbersIn(f.t) {
		if n.from < readUntil {
			continue // it was read as a group of the number before it
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
			kind = f.tellKind(&n)
		case kindVague:
			kind = f.tellVagueKind(&n)
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

// shortestInRow is how long a number is that goes on a row: in "order 4711 and 2 lamps" the 2 doesn't.
const shortestInRow = 3

// shortestReference is how long a number in digits is that some sign tells to be a reference. Shorter ones are rather
// counts.
const shortestReference = 4

// Carriers' numbers are longer than others.
const (
	shortestShipment = 9  // digits: "Where is my parcel? 55120" names an order
	surelyShipment   = 12 // characters: "BRT ha perso 049123456789"
)

// tellKind returns the kind of a number that no word before it announces, or "" if the number isn't a reference. It adds to the
// number the capitals that belong to it.
func (f *referenceFinder) tellKind(n *numberSpan) string {
	if f.isNextInRow(n) {
		return f.previous.kind
	}
	if f.otherEnd > 0 && isJoin(f.t.all[f.otherEnd:n.from]) {
		return kindOther // the next in a row: "Debiteurnrs. 61-204 en 61-377"
	}
	if n.isInSquareBrackets(f.t) {
		return kindTicket
	}
	if kind := n.readPaper(f.t); kind != "" {
		return kind
	}

	if kind := kindOfPrefix(n.value); kind != "" {
		isOfOther := n.digitsOnly && hasOtherBefore(f.t, f.words, n.first, farOther)
		if isOfOther {
			return ""
		}
		return kind
	}

	if f.isLikeOther(n) {
		return ""
	}
	if kind := f.kindBehind(n); kind != "" {
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

	isLong := len(n.value) >= surelyShipment && !hasOtherBefore(f.t, f.words, n.first, farOther)
	if isLong && f.kindAround(n.first) == kindShipment {
		return kindShipment
	}

	return ""
}

// isNextInRow reports whether a number is of the same kind as the reference before it: "4711 and 4712", "1001 to 1004".
func (f *referenceFinder) isNextInRow(n *numberSpan) bool {
	before := f.previous
	if before.kind == "" || n.length() < shortestInRow {
		return false
	}
	isLikely := n.length() >= shortestReference || n.length() == before.size
	if isLikely && isJoin(f.t.all[before.end:n.from]) {
		return true
	}
	return n.isEndOfRow(f.t, before)
}

// isLikeOther reports whether digits are as many as in a number before that isn't a reference, in a text that announces none:
// "the meter reads 48213, in May it was 47990".
func (f *referenceFinder) isLikeOther(n *numberSpan) bool {
	isAsLong := n.digitsOnly && len(n.value) == f.otherLength
	return isAsLong && !f.words.hasAnyKind()
}

// kindOfUnannounced returns the kind of a number that looks like a reference though no word announces it.
func (f *referenceFinder) kindOfUnannounced(n *numberSpan) string {
	if f.asked != "" && f.kindInSentence(n.first) == "" {
		return f.asked
	}
	kind := f.kindAround(n.first)
	if kind == kindShipment && numeral.CountDigits(n.value) < shortestShipment {
		return kindOrder
	}
	return kind
}

// noteOther keeps how many digits a number has that is of something else, for isLikeOther.
func (f *referenceFinder) noteOther(n *numberSpan, kind string) {
	if !n.digitsOnly {
		return
	}
	if kind == kindOther || hasOtherBefore(f.t, f.words, n.first, farOther) {
		f.otherLength = len(n.value)
	}
}

// readWhole adds to a number what belongs to it besides, and gives the kind that the words before it announce, "" if none
// does. isCandidate is false of what can't be a reference.
func (n *numberSpan) readWhole(t *text, words announcements) (kind string, isCandidate bool) {
	n.addFile(t)
	hasLetters := n.addLetters(t, words)
	kind = kindBefore(t, words, n)
	if wide := *n; wide.joinOverStroke(t) {
		if kindOfWide := kindBefore(t, words, &wide); kindOfWide != "" {
			*n = wide
			kind = kindOfWide
		}
	}

	if hasLetters {
		return kind, true
	}
	if n.isSpacedDate(t) {
		n.to = t.tokens[n.last+2].to // so that nobody reads the month and the year as numbers
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
