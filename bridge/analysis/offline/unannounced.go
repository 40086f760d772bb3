package offline

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// How many words before a number may say that it is of something else. Letters and digits together, as in "AB-4410", are
// rather a reference, so that such a word has to stand near.
const (
	farOther  = 6
	nearOther = 2
)

// isUnannouncedReference says whether a number that no word announces looks like a reference all the same.
func (f *referenceFinder) isUnannouncedReference(n *numberSpan) bool {
	if hasHashBefore(f.t, n) {
		return true
	}
	if n.first > 0 && isCodeWord(f.t.tokens[n.first-1].form) && hasMixedParts(n.value) {
		return true
	}
	if !hasDistinctiveForm(n) {
		isLikely := hasMarkBefore(f.t, n) || isGivenNumber(f.t, n) || f.isPaidNumber(n)
		return isLikely && !hasOtherBefore(f.t, f.words, n.first, farOther)
	}
	if prefixLength(n.value) > 0 {
		return !hasOtherBefore(f.t, f.words, n.first, nearOther)
	}
	return !hasOtherBefore(f.t, f.words, n.first, farOther)
}

// isPaidNumber says whether a number is an invoice's that is paid: "I've transferred 440 pounds for 54/26".
func (f *referenceFinder) isPaidNumber(n *numberSpan) bool {
	if !isCountedInYear(n.value) {
		return false
	}
	return f.wants == "billing" || f.isAboutPaying(n.first)
}

// isCountedInYear says whether a number is counted within a year of this decade or the next ones, as those of invoices:
// "54/26".
func isCountedInYear(value string) bool {
	number, year, _ := strings.Cut(value, "/")
	if len(year) != 2 || !hasOnlyDigits(number+year) {
		return false
	}
	return year[0] == '2' && isWithin(len(number), 2, 5)
}

// hasHashBefore says whether "#" stands directly before a number of three characters or more.
func hasHashBefore(t *text, n *numberSpan) bool {
	return n.length() >= 3 && strings.HasSuffix(t.all[:n.from], "#")
}

// hasOtherBefore says whether one of so many words before a number, in its sentence, announces something else, and not
// another number. Words that may stand between aren't counted.
func hasOtherBefore(t *text, words announcements, at, most int) bool {
	first, _ := t.sentenceOf(at)
	if isPartOf(t, at) {
		return false
	}
	for i := at - 1; i >= first && most > 0; i-- {
		if t.tokens[i].number && !isSetAgainst(t, i, at) {
			return false
		}
		isOfSize := i+1 < at && isSize(t.wordAt(i+1)) // "size M" says nothing of a number behind the M
		if words[i].other && !isOfSize {
			return true
		}
		if !words[i].filler && !isMark(t.tokens[i].form) {
			most--
		}
	}
	return false
}

// isPartOf says whether what stands before a number is a part of what the number is of, or its subject: "the article in
// 88213", "call me about 88213", "un article de la 88120".
func isPartOf(t *text, at int) bool {
	first, _ := t.sentenceOf(at)
	if at-2 > first && isArticle(t.tokens[at-1].form) {
		at--
	}
	return at-1 > first && isPreposition(t.tokens[at-1].form)
}

func isArticle(form string) bool {
	switch form {
	case "the", "der", "die", "das", "den", "dem", "la", "le", "el", "il", "o", "a", "de", "het":
		return true
	}
	return false
}

// isPreposition says whether a word before a number makes what was named before it a part of what the number is of, or its
// subject.
func isPreposition(form string) bool {
	switch form {
	case "of", "in", "about", "for", "regarding", "re", "aus", "von", "de", "zu", "zur", "bei", "fur", "wegen", "du", "pour", "dans", "concernant", "del",
		"para", "sobre", "do", "da", "dal", "dalla", "per", "nel", "van", "uit", "voor", "over", "z", "ze", "dla", "od":
		return true
	}
	return false
}

// isSize says whether a word is a size of clothes.
func isSize(word string) bool {
	switch word {
	case "S", "M", "L", "XS", "XL", "XXL":
		return true
	}
	return false
}

// isSetAgainst says whether a number is set against one that stands two or three words before it. Both are then of the
// same sort: "12345, not 12346".
func isSetAgainst(t *text, number, at int) bool {
	if !isWithin(at-number, 2, 3) {
		return false
	}
	switch t.tokens[at-1].form {
	case "not", "nicht", "non", "no", "nao", "niet", "nie", "statt", "of", "de", "pas", "van", "zamiast":
		return true
	}
	return false
}

// hasMarkBefore says whether "no." or its like stands directly before a number that is long enough for a reference.
func hasMarkBefore(t *text, n *numberSpan) bool {
	if n.first == 0 || n.length() < shortestReference {
		return false
	}
	before := &t.tokens[n.first-1]
	return isMark(before.form) && before.sentence == t.tokens[n.first].sentence
}

// isGivenNumber says whether a number without any word of what it is may be one that the customer was given: five to eight
// digits that are no round number, no postcode before a town, and no sum of money.
func isGivenNumber(t *text, n *numberSpan) bool {
	if whole, thousands, isDotted := strings.Cut(n.value, "."); isDotted {
		return isDottedNumber(whole, thousands)
	}
	if !n.digitsOnly || !isWithin(n.length(), 5, 8) {
		return false
	}
	if n.value[0] == '0' || strings.HasSuffix(n.value, "00") {
		return false
	}
	if n.first > 0 && isTransfer(t.tokens[n.first-1].form) {
		return false
	}
	return !isPostcodeOfTown(t, n)
}

// isDottedNumber says whether a number of five or six digits with a dot before the last three isn't a round one: "64.713",
// but not "12.500" or "12.550".
func isDottedNumber(whole, thousands string) bool {
	if !isWithin(len(whole), 2, 3) || len(thousands) != 3 {
		return false
	}
	isRound := strings.HasSuffix(thousands, "00") || strings.HasSuffix(thousands, "50")
	return hasOnlyDigits(whole+thousands) && !isRound
}

// isPostcodeOfTown says whether five digits stand before a word with a capital: "50667 Köln".
func isPostcodeOfTown(t *text, n *numberSpan) bool {
	if n.length() != 5 || !t.isSpaceAfter(n.last) {
		return false
	}
	r, _ := utf8.DecodeRuneInString(t.wordAt(n.last + 1))
	return unicode.IsUpper(r)
}

// isTransfer says whether a word tells that money was sent, so that a number right behind it is how much.
func isTransfer(form string) bool {
	switch form {
	case "transferred", "wired", "vire", "transferi", "bonificato", "przelalem", "przelalam":
		return true
	}
	return false
}

// hasDistinctiveForm says whether a number looks like a reference wherever it stands: capitals and digits, or groups of
// digits, joined by a hyphen or a stroke.
func hasDistinctiveForm(n *numberSpan) bool {
	if isLookalike(n.value) {
		return false
	}
	if hasMixedParts(n.value) {
		return true
	}
	head := n.value[:prefixLength(n.value)]
	letters := strings.TrimRight(head, "-/_")
	const mostLetters = 5
	if len(letters) > mostLetters || strings.ToUpper(letters) != letters {
		return false
	}
	if strings.ContainsAny(n.value, ".:") {
		return false
	}
	if letters == "" {
		return hasLettersAtEnd(n.value) || hasJoinedDigits(n)
	}
	digits := countDigits(n.value)
	if letters != head { // "ORC-118"
		return digits >= 3 && !isModelName(n.value, digits)
	}
	return digits >= 4 && len(letters) <= 3 // "RG1183"
}

// isModelName says whether letters, a hyphen and few digits end as names of models do: "SX-2000", "HD-450".
func isModelName(value string, digits int) bool {
	if digits <= 4 && strings.HasSuffix(value, "00") {
		return true
	}
	return digits == 3 && strings.HasSuffix(value, "0")
}

// hasJoinedDigits says whether a number has five digits or more in parts, and no letters: "55-1188".
func hasJoinedDigits(n *numberSpan) bool {
	if n.digitsOnly || n.value[0] == '0' {
		return false
	}
	if countDigits(n.value) < 5 {
		return false
	}
	return strings.ContainsAny(n.value, "-/") && hasOnly(n.value, digitSet+"-/")
}

// hasMixedParts says whether a number has two parts or more of digits and capitals, joined by hyphens, strokes or dots,
// with both in it: "77Q-3310", "4/2026-B", "C.2026.551".
func hasMixedParts(value string) bool {
	parts := strings.FieldsFunc(value, func(r rune) bool { return r == '-' || r == '/' || r == '.' })
	if len(parts) < 2 || countDigits(value) < 4 {
		return false
	}
	capitals := 0
	for _, part := range parts {
		ofPart := len(part) - countDigits(part)
		if ofPart > 4 || !hasOnly(part, digitSet+capitalSet) {
			return false
		}
		capitals += ofPart
	}
	isModel := len(parts) == 2 && countDigits(parts[0]) == 0 && strings.HasSuffix(value, "00")
	return capitals > 0 && !isModel
}

// hasLettersAtEnd says whether a number of four digits or more ends with a hyphen and one or two capitals: "77120-B".
func hasLettersAtEnd(value string) bool {
	number, end, found := strings.Cut(value, "-")
	if !found || !hasOnlyDigits(number) || !hasOnlyCapitals(end) {
		return false
	}
	return len(number) >= 4 && len(end) <= 2
}
