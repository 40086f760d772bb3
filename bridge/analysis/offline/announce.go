package offline

import (
	"strings"

	"parley/bridge/analysis/offline/lexicon"
	"parley/bridge/analysis/offline/wordform"
)

// Whether "4711" is an order or a telephone number is mostly said by the words before it. Such words announce the
// number. The lexicons list them in each language. addUnknown adds words that no lexicon has but that announce a
// number of something else: "Schülernummer".

// announcement is what the lexicons say of a word before a number.
type announcement struct {
	kind   string // what the number behind it is of, "" if it doesn't say
	filler bool   // the word may stand between an announcing word and the number
	other  bool   // the number is of something that no desk looks up

	// The number has to be right behind the word: "repair" says nothing of a number elsewhere, nor does "table".
	nearKind, nearOther bool

	firm   bool // several words together say that the number is of something else: "ref client"
	vague  bool // a word as "reference", behind which stands the number of anything
	number bool // a word as "Bestellnummer", behind which a number of any form is one
}

// announcements has the announcing words of a text by their places in it.
type announcements map[int]announcement

func findAnnouncements(t *text, matches []match) announcements {
	words := announcements{}
	for _, m := range matchesOf(matches, lexicon.OfAnnounce) {
		hasSeveralWords := m.last > m.first
		isWeak := m.Weight < 1
		for i := m.first; i <= m.last; i++ {
			w := words[i]
			switch m.Name {
			case "filler":
				w.filler = true
			case "other":
				w.nearOther = isWeak && (w.nearOther || !w.other)
				w.other = true
				w.firm = w.firm || hasSeveralWords
			default:
				isPartOfOther := w.firm && isWeak // "punto de recogida"
				w.nearKind = isWeak && (w.nearKind || w.kind == "")
				if w.kind == "" && !isPartOfOther || hasSeveralWords {
					w.kind = m.Name
				}
			}

			form := t.tokens[i].form
			w.vague = !hasSeveralWords && isVague(form)
			w.number = isNumberWord(form)
			words[i] = w
		}
	}

	words.addUnknown(t)
	return words
}

// addUnknown notes words that no lexicon knows and that say of what a number is. Such a number is no order's: "Schülernummer",
// "Policennr", "charity number", "numéro d'agrément".
func (words announcements) addUnknown(t *text) {
	for i := range t.tokens {
		form := t.tokens[i].form
		isCompound := isCompoundWith(form, "nummer") || isCompoundWith(form, "nr") || isCompoundWith(form, "nrs")
		hasNumber := isCompound || t.isNumberOf(i)
		if _, isKnown := words[i]; !isKnown && hasNumber {
			words[i] = announcement{other: true}
		}
		_, isNameKnown := words[i-1]
		if form == "number" && !isNameKnown && t.isNameBefore(i) {
			words[i] = announcement{other: true, filler: true}
		}
	}
}

// isCompoundWith reports whether a word is a compound that ends so: "Schülernummer", "Policennr".
func isCompoundWith(form, end string) bool {
	const shortest = 3 // letters of what has the number
	return len(form) >= len(end)+shortest && strings.HasSuffix(form, end)
}

// isNumberOf reports whether the number of a word is named right before it: "número de colegiado".
func (t *text) isNumberOf(at int) bool {
	const shortest = 4 // letters
	if at < 2 || len(t.tokens[at].form) < shortest || t.tokens[at].number {
		return false
	}
	if t.tokens[at-2].sentence != t.tokens[at].sentence {
		return false
	}

	if !genitives.has(t.tokens[at-1].form) {
		return false
	}

	number := t.tokens[at-2].form
	return number == "numero" || number == "nummer"
}

// isNameBefore reports whether a noun may stand before "number", and not a word as "my" or "with".
func (t *text) isNameBefore(at int) bool {
	if at == 0 || t.tokens[at-1].sentence != t.tokens[at].sentence || t.tokens[at-1].number {
		return false
	}
	return !noNames.has(t.tokens[at-1].form)
}

// isNumberWord reports whether a word says that a number of any form follows: "Bestellnummer", "ordernr", "Bestellnummern".
func isNumberWord(form string) bool {
	if strings.Contains(form, "nummer") {
		return true
	}
	return strings.HasSuffix(form, "nr") || strings.HasSuffix(form, "number")
}

// isVague reports whether a word announces a number of whatever the text is about.
func isVague(form string) bool {
	for _, head := range []string{"referen", "referin", "riferiment", "kenmerk"} {
		if strings.HasPrefix(form, head) {
			return true
		}
	}
	return form == "ref" || form == "rif"
}

// kindAt returns the kind of number that a word announces wherever the number stands. It is "" if the word announces none, or
// of any kind.
func (words announcements) kindAt(i int) string {
	if words[i].vague || words[i].nearKind {
		return ""
	}
	return words[i].kind
}

// hasAnyKind reports whether any word of a text announces a number of ours.
func (words announcements) hasAnyKind() bool {
	for _, w := range words {
		if w.kind != "" && !w.nearKind {
			return true
		}
	}
	return false
}

// hasClearKind reports whether any word of a text tells what a number is of, as "reference" doesn't.
func (words announcements) hasClearKind() bool {
	for i := range words {
		if words.kindAt(i) != "" {
			return true
		}
	}
	return false
}

// hasKind reports whether a word of a text announces a number of a kind.
func (words announcements) hasKind(kind string) bool {
	for _, w := range words {
		if w.kind == kind && !w.nearKind {
			return true
		}
	}
	return false
}

// isJoin reports whether what stands between two numbers counts them up: "4711 and 4712".
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

// isEndOfRow reports whether a number is the last of a row that the number before begins: "1001 to 1004". The numbers of a row
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
