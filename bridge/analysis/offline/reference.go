package offline

import (
	"slices"
	"strings"

	"parley/bridge/analysis"
)

// mostReferences bounds what one burst names.
const mostReferences = 20

// numberSpan is something that looks like a number of an order, an invoice or the like.
type numberSpan struct {
	from, to   int
	tok, last  int  // its first and last word
	hash       bool // "#" or "no." stands directly before
	plain      bool // digits alone
	value      string
	impossible bool // a date, a price, a time, a telephone
	groups     bool // the first of several groups of digits
}

// references finds the numbers that a customer named: by the desk's patterns, or by the words before them.
// What the customer wants tells a kind where no word does, and what they were asked for last.
func (a *Analyzer) references(t *text, matches []match, patterns []analysis.Pattern, wants, asked string) []analysis.Reference {
	var found []analysis.Reference
	links := map[string]analysis.Pattern{}
	known := len(patterns) == 0
	for _, p := range patterns {
		if p.Regexp == "" && p.Kind != "" {
			known = true
			links[p.Kind] = p
		}
	}
	found = append(found, a.byPatterns(t, patterns)...)
	if known {
		for _, r := range announced(t, matches, wants, asked) {
			pattern, wanted := links[r.Kind]
			if len(patterns) > 0 && !wanted {
				continue
			}
			r.Link = pattern.LinkTo(r.Value)
			found = append(found, r)
		}
	}
	var once []analysis.Reference
	for _, r := range found {
		same := func(o analysis.Reference) bool { return o.Value == r.Value }
		if !slices.ContainsFunc(once, same) && len(once) < mostReferences {
			once = append(once, r)
		}
	}
	return once
}

// askedFor gives the kind of number that an agent asked for last, "" if none.
func (a *Analyzer) askedFor(before []analysis.Message) string {
	if len(before) == 0 {
		return ""
	}
	t := readText(before[max(0, len(before)-2):])
	language, use := a.languages.detect(t)
	words := announcements(t, a.matches(t, language, use))
	kind := ""
	for i := range t.tokens {
		if w := words[i]; w.kind != "" && !w.other && !w.vague {
			kind = w.kind
		}
	}
	return kind
}

// announced finds numbers by the words which announce them, by "#", and by the letters which they begin with.
func announced(t *text, matches []match, wants, asked string) []analysis.Reference {
	words := announcements(t, matches)
	var found []analysis.Reference
	kind, end, size := "", -1, 0 // of the number before, for "4711 and 4712"
	none := 0                    // digits of a number before that is none of ours
	past := -1                   // the end of what was read last
	for _, n := range numbersIn(t) {
		if n.from < past {
			continue // a group of the one before
		}
		before, ok := n.readWhole(t, words)
		if past = n.to; !ok {
			continue
		}
		if before == "" && kind != "" && n.to-n.from >= 3 && (joined(t.all[end:n.from]) && (n.to-n.from >= 4 || n.to-n.from == size) || n.endsSpan(t, end, size)) {
			before = kind
		}
		if before == "" {
			before = kindOfPrefix(n.value)
		}
		if before == "" && n.plain && len(n.value) == none && !hasKind(words) {
			continue // "the meter reads 48213, in May it was 47990"
		}
		if before == "" && (n.hash && directHash(t, &n) || alone(t, &n, words, wants == "billing" || paysIn(t, matches, n.tok))) {
			if before = kindAround(t, matches, words, n.tok, wants); len(words) == 0 && asked != "" {
				before = asked
			} else if before == "shipment" && digitsOf(n.value) < 9 {
				before = "order" // "Where is my parcel? 55120": carriers' numbers are longer
			}
			n.value = n.withLetters(t, words)
		}
		if before == "" && len(n.value) >= 12 && !others(t, words, n.tok, 6) && kindAround(t, matches, words, n.tok, wants) == "shipment" {
			before = "shipment"
		}
		if before == "vague" {
			before = ofVague(t, matches, words, &n, wants)
		}
		if n.plain && (before == "other" || before == "" && others(t, words, n.tok, 6)) {
			none = len(n.value)
		}
		if before == "" || before == "other" {
			continue
		}
		kind, end, size = before, n.to, n.to-n.from
		found = append(found, analysis.Reference{Kind: before, Value: n.value})
	}
	for _, code := range bookingCodes(t) {
		found = append(found, analysis.Reference{Kind: "order", Value: code})
	}
	return found
}

// readWhole adds to a number what belongs to it besides, and gives the kind that the words before it announce, "" if none
// does. It is false of what can't be a reference.
func (n *numberSpan) readWhole(t *text, words map[int]announcement) (kind string, ok bool) {
	lettered := n.addLetters(t, words)
	kind = kindBefore(t, words, n)
	if wide := *n; wide.spansStroke(t) {
		if before := kindBefore(t, words, &wide); before != "" {
			*n, kind = wide, before
		}
	}
	announced := kind != "" && kind != "other"
	switch {
	case lettered:
		return kind, true
	case n.isSpacedDate(t):
		n.to = t.tokens[n.last+2].to
		return "", false
	case announced:
		n.addTail(t)
	}
	if announced && (n.groups || n.inGroups(t) || n.inTwoGroups(t, words)) {
		n.takeGroups(t)
		return kind, n.value != ""
	}
	return kind, !n.impossible
}

func digitsOf(value string) int {
	count := 0
	for i := range len(value) {
		if value[i] >= '0' && value[i] <= '9' {
			count++
		}
	}
	return count
}

// kindBefore looks at the words before a number, up to five in its sentence, for one that announces it.
func kindBefore(t *text, words map[int]announcement, n *numberSpan) string {
	marked := n.hash
	for i := n.tok - 1; i >= 0 && i >= n.tok-5; i-- {
		k := t.tokens[i]
		if strings.ContainsAny(t.all[k.to:t.tokens[i+1].from], "?!;") || strings.Count(t.all[k.to:t.tokens[i+1].from], "\n") > 1 {
			return ""
		}
		w := words[i]
		marked = marked || isMark(k.form) || w.number || strings.Contains(t.all[k.to:t.tokens[i+1].from], ":")
		switch {
		case w.firm && (isVague(k.form) || i > 0 && words[i-1].firm && isVague(t.tokens[i-1].form)):
			return "other"
		case w.kind != "" && !(w.other && marked && isOtherFirst(k.form)):
			if w.filler && i > 0 && words[i-1].kind != "" {
				continue
			}
			if words[i].other && i > 0 && words[i-1].filler && words[i-1].kind == "" && !w.filler && w.kind == "" {
				return "other"
			}
			if plausible(n, marked) {
				if w.vague {
					return "vague"
				}
				return w.kind
			}
			return ""
		case w.other && isCodeWord(k.form) && inParts(n.value):
			return ""
		case w.other && !w.filler && i < n.tok-1 && isPartOf(t, n.tok) && n.to-n.from <= 8:
			return ""
		case w.other && !w.filler:
			return "other"
		case w.other && w.filler && !(i > 0 && (words[i-1].kind != "" || words[i-1].filler)):
			return "other"
		case w.filler || k.quoted && len(k.form) == 1 || isInitials(t.all[k.from:k.to]):
		default:
			return ""
		}
	}
	return ""
}

// isCodeWord says whether a word may announce a door's code as well as a booking's.
func isCodeWord(form string) bool {
	return form == "code" || form == "codice" || form == "codigo" || form == "kod"
}

// isInitials says whether a word is two or three capitals, as before the digits of "KV 2218".
func isInitials(word string) bool {
	return len(word) >= 2 && len(word) <= 3 && strings.Trim(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// isOtherFirst says whether a word that may announce both rather announces something else.
func isOtherFirst(form string) bool { return form == "konto" || form == "conto" || form == "rekening" }

// isMark says whether a word says that a number follows.
func isMark(form string) bool {
	switch form {
	case "no", "nr", "nº", "numero", "number", "num", "nummer", "numer", "id", "ref", "n", "nro", "numeru", "numerem", "numerze":
		return true
	}
	return false
}

// plausible says whether a number may be a reference where a word announces it. Without a mark, short digits
// are rather a quantity or a year.
func plausible(n *numberSpan, marked bool) bool {
	if marked || !n.plain || n.groups {
		return true
	}
	if isYear(n.value) {
		return false
	}
	return n.to-n.from >= 4
}

// kindAround gives the kind of a number without a word of what it is: that of an announcing word in its sentence,
// or in one of the two before; else an order. What speaks of paying makes it an invoice, and so
// does what the customer wants.
func kindAround(t *text, matches []match, words map[int]announcement, tok int, wants string) string {
	first, last := t.sentenceOf(tok)
	for i := tok - 1; i >= first; i-- {
		if k := words[i].kind; k != "" && !words[i].vague {
			return k
		}
	}
	for i := tok + 1; i <= last; i++ {
		if k := words[i].kind; k != "" && !words[i].vague {
			return k
		}
	}
	if paysIn(t, matches, tok) {
		return "invoice"
	}
	for i := first - 1; i >= 0 && t.tokens[i].sentence >= t.tokens[tok].sentence-2; i-- {
		if k := words[i].kind; k != "" && !words[i].vague {
			return k
		}
	}
	switch wants {
	case "billing":
		return "invoice"
	case "quote":
		return "quote"
	}
	return "order"
}

// paysIn says whether the sentence of a word speaks of paying.
func paysIn(t *text, matches []match, tok int) bool {
	first, last := t.sentenceOf(tok)
	return slices.ContainsFunc(of(matches, ofIntent), func(m match) bool { return m.name == "billing" && m.first >= first && m.last <= last })
}

// kindOfPrefix tells a kind by the letters at the beginning of a number, where these are usual.
func kindOfPrefix(value string) string {
	if isShipment(value) {
		return "shipment"
	}
	letters := strings.ToUpper(strings.TrimRight(value[:prefixLength(value)], "-_/ "))
	digits := len(value) - prefixLength(value)
	if digits < 3 {
		return ""
	}
	switch letters {
	case "ORD", "ORDER", "SO", "BEST", "CMD", "CDE", "PED", "ZAM", "ENC", "OR", "WO", "BK", "RES", "RSV", "PNR", "LOC", "ZK", "ZL", "BC":
		return "order"
	case "INV", "RE", "RG", "RN", "FAC", "FACT", "FV", "FA", "FAT", "FT", "RECH", "FACTUUR", "CN", "NC", "FRA", "FS", "FR", "AV", "GS",
		"KFS", "KFV", "FVK":
		return "invoice"
	case "QUO", "QUOTE", "QT", "Q", "AN", "ANG", "KV", "OFF", "OFR", "DEV", "OFE", "ORC", "PREV", "OFFERTE", "KVA", "PRE", "EST", "OF", "PF":
		return "quote"
	case "TICKET", "TCK", "TKT", "TK", "CASE", "INC", "SUP", "REQ", "CS", "RMA", "SR", "RET", "RTN", "RT":
		return "ticket"
	case "JJD", "JVGL", "DHL", "GLS", "DPD", "UPS", "SHP", "TRK", "DDT", "LDV":
		return "shipment"
	}
	return ""
}

// isShipment says whether a number has the form that carriers give to parcels: of UPS, of all posts (two letters,
// nine digits and the country), of DHL, and the eighteen digits or more of other labels.
func isShipment(value string) bool {
	upper := strings.ToUpper(value)
	digits := len(upper) - len(strings.TrimRight(upper, "0123456789"))
	switch {
	case len(upper) == 18 && strings.HasPrefix(upper, "1Z"):
		return true
	case len(upper) == 13 && prefixLength(upper) == 2 && strings.Trim(upper[2:11], "0123456789") == "" && prefixLength(upper[11:]) == 2:
		return strings.Trim(upper[:2]+upper[11:], "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
	case digits >= 14 && (strings.HasPrefix(upper, "JD") || strings.HasPrefix(upper, "H")) && len(upper)-digits <= 3:
		return true
	}
	return digits == len(upper) && digits >= 18 && digits <= 30
}

func prefixLength(value string) int {
	n := 0
	for n < len(value) && !(value[n] >= '0' && value[n] <= '9') {
		n++
	}
	return n
}
