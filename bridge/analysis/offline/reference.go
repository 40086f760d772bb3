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
}

// references finds the numbers that a customer named: by the desk's patterns, or by the words before them.
func (a *Analyzer) references(t *text, matches []match, patterns []analysis.Pattern) []analysis.Reference {
	var found []analysis.Reference
	links := map[string]string{}
	known := len(patterns) == 0
	for _, p := range patterns {
		if p.Regexp == "" && p.Kind != "" {
			known = true
			links[p.Kind] = p.Link
		}
	}
	found = append(found, a.byPatterns(t, patterns)...)
	if known {
		for _, r := range announced(t, matches) {
			link, wanted := links[r.Kind]
			if len(patterns) > 0 && !wanted {
				continue
			}
			r.Link = linkTo(link, r.Value)
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

// announced finds numbers by the words which announce them, by "#", and by the letters which they begin with.
func announced(t *text, matches []match) []analysis.Reference {
	words := announcements(t, matches)
	var found []analysis.Reference
	kind, end := "", -1 // of the number before, for "4711 and 4712"
	for _, n := range numbersIn(t) {
		if n.impossible {
			continue
		}
		before := kindBefore(t, words, &n)
		if before == "" && kind != "" && joined(t.all[end:n.from]) && (!n.plain || n.to-n.from >= 4) {
			before = kind
		}
		if before == "" {
			before = kindOfPrefix(n.value)
		}
		taken := n.plain && n.to-n.from >= 5 && n.to-n.from <= 9 && behindFor(t, n.tok)
		if before == "" && (n.hash && directHash(t, &n) || distinctive(&n) || taken) {
			before = kindInSentence(t, matches, words, n.tok)
		}
		if before == "" || before == "other" {
			continue
		}
		kind, end = before, n.to
		found = append(found, analysis.Reference{Kind: before, Value: n.value})
	}
	return found
}

// announcement is what the lexicons say of a word before a number.
type announcement struct {
	kind   string
	filler bool
	other  bool
	number bool // a word as "Bestellnummer", behind which a number of any form is one
}

// announcements gives the announcing words by their place in the text.
func announcements(t *text, matches []match) map[int]announcement {
	words := map[int]announcement{}
	for _, m := range of(matches, ofAnnounce) {
		for i := m.first; i <= m.last; i++ {
			w := words[i]
			switch m.name {
			case "filler":
				w.filler = true
			case "other":
				w.other = true
			default:
				if w.kind == "" || m.last > m.first {
					w.kind = m.name
				}
			}
			form := t.tokens[i].form
			w.number = strings.Contains(form, "nummer") || strings.HasSuffix(form, "nr") || strings.HasSuffix(form, "number")
			words[i] = w
		}
	}
	return words
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
		case w.kind != "" && !(w.other && marked && isOtherFirst(k.form)):
			if w.filler && i > 0 && words[i-1].kind != "" {
				continue
			}
			if words[i].other && i > 0 && words[i-1].filler && words[i-1].kind == "" && !w.filler && w.kind == "" {
				return "other"
			}
			if plausible(n, marked) {
				return w.kind
			}
			return ""
		case w.other && !w.filler:
			return "other"
		case w.other && w.filler && !(i > 0 && (words[i-1].kind != "" || words[i-1].filler)):
			return "other"
		case w.filler || k.quoted && len(k.form) == 1:
		default:
			return ""
		}
	}
	return ""
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
	if marked || !n.plain {
		return true
	}
	if n.to-n.from == 4 && (strings.HasPrefix(n.value, "19") || strings.HasPrefix(n.value, "20")) {
		return false
	}
	return n.to-n.from >= 4
}

// joined says whether what stands between two numbers counts them up.
func joined(between string) bool {
	if len(between) > 12 || strings.ContainsAny(between, ".!?;\n") {
		return false
	}
	switch fold(strings.Trim(between, " ,#&+/")) {
	case "", "and", "und", "et", "y", "e", "i", "en", "oraz", "ed", "or", "oder", "ou", "o", "of", "lub", "as well as", "sowie":
		return true
	}
	return false
}

func directHash(t *text, n *numberSpan) bool {
	return n.from > 0 && t.all[n.from-1] == '#' && n.to-n.from >= 3
}

// kindInSentence gives the kind of a bare "#10233": that of an announcing word in its sentence, or an order.
// What speaks of paying makes it an invoice.
func kindInSentence(t *text, matches []match, words map[int]announcement, tok int) string {
	first, last := t.sentenceOf(tok)
	for i := tok - 1; i >= first; i-- {
		if k := words[i].kind; k != "" {
			return k
		}
	}
	for i := tok + 1; i <= last; i++ {
		if k := words[i].kind; k != "" {
			return k
		}
	}
	for _, m := range of(matches, ofIntent) {
		if m.name == "billing" && m.weight >= 1 && m.first >= first && m.last <= last {
			return "invoice"
		}
	}
	return "order"
}

// distinctive says whether a number looks like a reference wherever it stands: capitals and digits, or groups
// of digits, joined by a hyphen or a stroke.
func distinctive(n *numberSpan) bool {
	digits := strings.Count(n.value, "") - 1
	for _, r := range n.value {
		if r < '0' || r > '9' {
			digits--
		}
	}
	head := n.value[:prefixLength(n.value)]
	letters := strings.TrimRight(head, "-/_")
	switch {
	case strings.ContainsAny(n.value, ".:") || len(letters) > 5 || strings.ToUpper(letters) != letters:
		return false
	case letters != "" && letters != head:
		return digits >= 3
	case letters == "" && !n.plain && n.value[0] != '0':
		return digits >= 5 && strings.ContainsAny(n.value, "-/") && strings.Trim(n.value, "0123456789-/") == ""
	}
	return letters != "" && digits >= 4 && len(letters) <= 3
}

// behindFor says whether a word stands before a number that takes an order as it takes a person: "bei 90031".
func behindFor(t *text, tok int) bool {
	if tok == 0 || t.tokens[tok-1].sentence != t.tokens[tok].sentence {
		return false
	}
	switch t.tokens[tok-1].form {
	case "bei", "bij", "for", "fur", "zu", "del", "dla":
		return true
	}
	return false
}

// kindOfPrefix tells a kind by the letters at the beginning of a number, where these are usual.
func kindOfPrefix(value string) string {
	letters := strings.ToUpper(strings.TrimRight(value[:prefixLength(value)], "-_/"))
	digits := len(value) - prefixLength(value)
	if digits < 3 {
		return ""
	}
	switch letters {
	case "ORD", "ORDER", "SO", "BEST", "CMD", "PED", "ZAM":
		return "order"
	case "INV", "RE", "RG", "FAC", "FACT", "FV", "FAT", "FT", "RECH", "FACTUUR":
		return "invoice"
	case "QUO", "QUOTE", "QT", "ANG", "OFF", "DEV", "OFE", "PREV", "OFFERTE":
		return "quote"
	case "TICKET", "TCK", "TKT", "CASE", "INC":
		return "ticket"
	case "JJD", "JVGL", "DHL", "GLS", "DPD", "UPS":
		return "shipment"
	}
	upper := strings.ToUpper(value)
	if strings.HasPrefix(upper, "1Z") && len(value) == 18 || strings.HasPrefix(value, "003404") && len(value) >= 18 {
		return "shipment"
	}
	return ""
}

func prefixLength(value string) int {
	n := 0
	for n < len(value) && !(value[n] >= '0' && value[n] <= '9') {
		n++
	}
	return n
}
