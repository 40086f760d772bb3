package offline

import (
	"strings"

	"parley/bridge/analysis/offline/lexicon"
	"parley/bridge/analysis/offline/wordform"
)

// Whether "4711" is an order number or a phone number mostly depends on the words before it. Such a word announces the
// number: "order", "invoice no", "call me at". The lexicons list these words in each language. A reference is a number
// that a helpdesk can look up, such as an order number. Other numbers, such as phone numbers, are of the kind "other".

// announcement is what a word says about the number that follows it.
type announcement struct {
	kind   string // of a reference: "order"; "" if the word doesn't announce a reference
	filler bool   // the word may be between an announcing word and the number: "order, it was 4711"
	other  bool   // the word announces a number that isn't a reference: "phone"

	// The word only counts right before a number, like "repair" and "table".
	nearKind, nearOther bool

	firm   bool // several words announce a number that isn't a reference: "ref client"
	vague  bool // the number may be of any kind: "reference"
	number bool // any number that follows is of the kind, whatever its form: "Bestellnummer"
}

// announcements has the announcing words of a text, by their index in text.tokens.
type announcements map[int]announcement

// findAnnouncements returns the announcing words of a text. A word may be part of several phrases of the lexicons.
func findAnnouncements(t *text, matches []match) announcements {
	words := announcements{}
	for _, m := range matchesOf(matches, lexicon.OfAnnounce) {
		hasSeveralWords := m.last > m.first
		for i := m.first; i <= m.last; i++ {
			w := words[i]
			switch m.Name {
			case "filler":
				w.filler = true
			case kindOther:
				w.addOther(m)
			default:
				w.addKind(m)
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

// addOther adds a phrase that announces a number which isn't a reference. A weak phrase counts only right before a number,
// unless a plain one has the same word.
func (w *announcement) addOther(m match) {
	isWeak := m.Weight < 1
	w.nearOther = isWeak && (w.nearOther || !w.other)
	w.other = true
	w.firm = w.firm || m.last > m.first
}

// addKind adds a phrase that announces a reference. The first phrase of a word determines the kind, but one of several words
// overrides it. A weak phrase doesn't count within a firm one, as "recogida" in "punto de recogida".
func (w *announcement) addKind(m match) {
	hasSeveralWords := m.last > m.first
	isWeak := m.Weight < 1
	isPartOfOther := w.firm && isWeak
	w.nearKind = isWeak && (w.nearKind || w.kind == "")
	isFirst := w.kind == "" && !isPartOfOther
	if isFirst || hasSeveralWords {
		w.kind = m.Name
	}
}

// addUnknown adds words that are in no lexicon but announce a number. These numbers aren't references: "Schülernummer",
// "Policennr", "charity number", "numéro d'agrément".
func (words announcements) addUnknown(t *text) {
	for i := range t.tokens {
		form := t.tokens[i].form
		isCompound := isCompoundWith(form, "nummer") || isCompoundWith(form, "nr") || isCompoundWith(form, "nrs")
		announcesNumber := isCompound || t.isNumberOf(i)
		if _, isKnown := words[i]; !isKnown && announcesNumber {
			words[i] = announcement{other: true}
		}
		_, isNounKnown := words[i-1]
		if form == "number" && !isNounKnown && t.isNounBefore(i) {
			words[i] = announcement{other: true, filler: true}
		}
	}
}

// isCompoundWith reports whether a word is a compound with this last part: "Schülernummer", "Policennr".
func isCompoundWith(form, end string) bool {
	const minFirstPart = 3 // bytes
	return len(form) >= len(end)+minFirstPart && strings.HasSuffix(form, end)
}

// isNumberOf reports whether "number of" precedes the word i, in one of our languages: "número de colegiado".
func (t *text) isNumberOf(i int) bool {
	const minBytes = 4
	if i < 2 || len(t.tokens[i].form) < minBytes || t.tokens[i].number {
		return false
	}
	if t.tokens[i-2].sentence != t.tokens[i].sentence {
		return false
	}

	if !genitives.has(t.tokens[i-1].form) {
		return false
	}

	number := t.tokens[i-2].form
	return number == "numero" || number == "nummer"
}

// isNounBefore reports whether the word before "number", the word i, is probably a noun, unlike "my" or "with".
func (t *text) isNounBefore(i int) bool {
	if i == 0 || t.tokens[i-1].sentence != t.tokens[i].sentence || t.tokens[i-1].number {
		return false
	}
	return !noNames.has(t.tokens[i-1].form)
}

// isNumberWord reports whether a word means "number", alone or in a compound: "Bestellnummer", "ordernr".
func isNumberWord(form string) bool {
	if strings.Contains(form, "nummer") {
		return true
	}
	return strings.HasSuffix(form, "nr") || strings.HasSuffix(form, "number")
}

// isVague reports whether a word means "reference". The kind of the number depends on the rest of the text.
func isVague(form string) bool {
	for _, stem := range []string{"referen", "referin", "riferiment", "kenmerk"} {
		if strings.HasPrefix(form, stem) {
			return true
		}
	}
	return form == "ref" || form == "rif"
}

// kindAt returns the kind of reference that the word i announces, even if the number doesn't follow it directly. It
// returns "" if the word announces no reference, or one of an unknown kind.
func (words announcements) kindAt(i int) string {
	if words[i].vague || words[i].nearKind {
		return ""
	}
	return words[i].kind
}

// hasAnyKind reports whether any word announces a reference.
func (words announcements) hasAnyKind() bool {
	for _, w := range words {
		if w.kind != "" && !w.nearKind {
			return true
		}
	}
	return false
}

// hasClearKind reports whether any word announces a reference of a known kind, unlike "reference".
func (words announcements) hasClearKind() bool {
	for i := range words {
		if words.kindAt(i) != "" {
			return true
		}
	}
	return false
}

// hasKind reports whether any word announces a reference of this kind.
func (words announcements) hasKind(kind string) bool {
	for _, w := range words {
		if w.kind == kind && !w.nearKind {
			return true
		}
	}
	return false
}

// isJoin reports whether the text between two numbers joins them in a list: "4711 and 4712".
func isJoin(between string) bool {
	const maxBytes = 12 // "as well as" with a space on both sides
	if len(between) > maxBytes || strings.ContainsAny(between, ".!?;\n") {
		return false
	}
	switch wordform.Fold(strings.Trim(between, " ,#&+/")) {
	case "", "and", "und", "et", "y", "e", "i", "en", "oraz", "ed", "or", "oder", "ou", "o", "of", "lub", "as well as", "sowie":
		return true
	}
	return false
}

// isEndOfRange reports whether a number is the end of a range that starts with the number before it: "1001 to 1004". The
// two may differ only in their last two digits.
func (n *numberSpan) isEndOfRange(t *text, before foundNumber) bool {
	if before.size < minReferenceLength || len(n.value) != before.size {
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
