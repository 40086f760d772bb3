package offline

import (
	"strings"

	"parley/bridge/analysis/offline/wordform"
)

// announcement is what the lexicons say of a word before a number.
type announcement struct {
	kind   string // what the number behind it is of, "" if it doesn't say
	filler bool   // it may stand between an announcing word and the number
	other  bool   // the number is of something that no desk looks up
	firm   bool   // several words together say that it is of something else: "ref client"
	vague  bool   // a word as "reference", behind which stands the number of anything
	number bool   // a word as "Bestellnummer", behind which a number of any form is one
}

// announcements has the announcing words of a text by their places in it.
type announcements map[int]announcement

func findAnnouncements(t *text, matches []match) announcements {
	words := announcements{}
	for _, m := range matchesOf(matches, ofAnnounce) {
		hasSeveralWords := m.last > m.first
		for i := m.first; i <= m.last; i++ {
			w := words[i]
			switch m.name {
			case "filler":
				w.filler = true
			case "other":
				w.other = true
				w.firm = w.firm || hasSeveralWords
			default:
				if w.kind == "" || hasSeveralWords {
					w.kind = m.name
				}
			}
			form := t.tokens[i].form
			w.vague = !hasSeveralWords && isVague(form)
			w.number = isNumberWord(form)
			words[i] = w
		}
	}
	for i := range t.tokens {
		form := t.tokens[i].form
		isCompound := len(form) > len("nummer") && strings.HasSuffix(form, "nummer")
		_, isKnown := words[i]
		if isCompound && !isKnown {
			words[i] = announcement{other: true} // no lexicon says what it is the number of, so it is no order's
		}
	}
	return words
}

// isNumberWord says whether a word says that a number of any form follows: "Bestellnummer", "ordernr", "Bestellnummern".
func isNumberWord(form string) bool {
	if strings.Contains(form, "nummer") {
		return true
	}
	return strings.HasSuffix(form, "nr") || strings.HasSuffix(form, "number")
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

// kindAt gives the kind of number that a word announces. It is "" if the word announces none, or of any kind.
func (words announcements) kindAt(i int) string {
	if words[i].vague {
		return ""
	}
	return words[i].kind
}

// hasAnyKind says whether any word of a text announces a number of ours.
func (words announcements) hasAnyKind() bool {
	for _, w := range words {
		if w.kind != "" {
			return true
		}
	}
	return false
}

// hasKind says whether a word of a text announces a number of a kind.
func (words announcements) hasKind(kind string) bool {
	for _, w := range words {
		if w.kind == kind {
			return true
		}
	}
	return false
}

// isJoin says whether what stands between two numbers counts them up: "4711 and 4712".
func isJoin(between string) bool {
	const longest = 12 // "as well as" with a space on both sides
	if len(between) > longest || strings.ContainsAny(between, ".!?;\n") {
		return false
	}
	switch wordform.Fold(strings.Trim(between, " ,#&+/")) {
	case "", "and", "und", "et", "y", "e", "i", "en", "oraz", "ed", "or", "oder", "ou", "o", "of", "lub", "as well as", "sowie":
		return true
	}
	return false
}

// isEndOfRow says whether a number is the last of a row that the number before begins: "1001 to 1004". The numbers of a row
// differ in their last two digits.
func (n *numberSpan) isEndOfRow(t *text, before foundNumber) bool {
	if before.size < shortestReference || len(n.value) != before.size {
		return false
	}
	first := t.all[before.end-before.size : before.end]
	if !n.digitsOnly || first[:before.size-2] != n.value[:before.size-2] {
		return false
	}
	switch wordform.Fold(strings.TrimSpace(t.all[before.end:n.from])) {
	case "to", "till", "until", "through", "bis", "a", "au", "al", "hasta", "ate", "tot", "do", "-", "–", "t/m":
		return true
	}
	return false
}
