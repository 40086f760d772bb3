package offline

import "strings"

// announcement is what the lexicons say of a word before a number.
type announcement struct {
	kind   string
	filler bool
	other  bool
	firm   bool // several words together say that it is another: "ref client"
	vague  bool // a word as "reference", behind which stands the number of anything
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
				w.firm = w.firm || m.last > m.first
			default:
				if w.kind == "" || m.last > m.first {
					w.kind = m.name
				}
			}
			form := t.tokens[i].form
			w.vague = m.first == m.last && isVague(form)
			w.number = strings.Contains(form, "nummer") || strings.HasSuffix(form, "nr") || strings.HasSuffix(form, "number")
			words[i] = w
		}
	}
	for i := range t.tokens { // of what it is the number, no lexicon says: so it is no order's
		form := t.tokens[i].form
		if _, known := words[i]; !known && len(form) > len("nummer") && strings.HasSuffix(form, "nummer") {
			words[i] = announcement{other: true}
		}
	}
	return words
}

// isVague says whether a word announces a number of whatever the text is about.
func isVague(form string) bool {
	for _, head := range []string{"referen", "referin", "riferiment", "kenmerk"} {
		if strings.HasPrefix(form, head) {
			return true
		}
	}
	return form == "ref" || form == "rif"
}

// ofVague gives the kind of a number behind a word as "reference": what its letters say, or a word around it; of who
// tells of a fault it is a ticket's.
func ofVague(t *text, matches []match, words map[int]announcement, n *numberSpan, wants string) string {
	if kind := kindOfPrefix(n.value); kind != "" {
		return kind
	}
	kind := kindAround(t, matches, words, n.tok, wants)
	if kind == "order" && (wants == "problem" || wants == "account" || wants == "feedback" || wants == "") && !holdsKind(words, "order") {
		return "ticket"
	}
	return kind
}

// hasKind says whether any word of a text announces a number of ours.
func hasKind(words map[int]announcement) bool {
	for _, w := range words {
		if w.kind != "" {
			return true
		}
	}
	return false
}

// holdsKind says whether a word of a text announces a number of a kind.
func holdsKind(words map[int]announcement, kind string) bool {
	for _, w := range words {
		if w.kind == kind {
			return true
		}
	}
	return false
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

// endsSpan says whether a number is the last of a row that the number before begins: "1001 to 1004". The numbers of a row
// differ in their last two digits.
func (n *numberSpan) endsSpan(t *text, end, size int) bool {
	first := t.all[max(0, end-size):end]
	if !n.plain || size < 4 || len(n.value) != size || first[:size-2] != n.value[:size-2] {
		return false
	}
	switch fold(strings.TrimSpace(t.all[end:n.from])) {
	case "to", "till", "until", "through", "bis", "a", "au", "al", "hasta", "ate", "tot", "do", "-", "–", "t/m":
		return true
	}
	return false
}
