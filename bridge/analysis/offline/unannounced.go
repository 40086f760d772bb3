package offline

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"parley/bridge/analysis/offline/numeral"
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
	isBehindCode := n.first > 0 && isCodeWord(f.t.tokens[n.first-1].form)
	if isBehindCode && numeral.HasMixedParts(n.value) {
		return true
	}
	if !numeral.IsDistinctive(n.value) {
		isLikely := hasMarkBefore(f.t, n) || isGivenNumber(f.t, n)
		if !isLikely && !f.isPaidNumber(n) {
			return false
		}
		return !hasOtherBefore(f.t, f.words, n.first, farOther)
	}
	if numeral.PrefixLength(n.value) > 0 {
		return !hasOtherBefore(f.t, f.words, n.first, nearOther)
	}
	return !hasOtherBefore(f.t, f.words, n.first, farOther)
}

// isPaidNumber says whether a number is an invoice's that is paid: "I've transferred 440 pounds for 54/26".
func (f *referenceFinder) isPaidNumber(n *numberSpan) bool {
	if !numeral.IsCountedInYear(n.value) {
		return false
	}
	return f.wants == "billing" || f.isAboutPaying(n.first)
}

// hasHashBefore says whether "#" stands directly before a number of three characters or more: "#1" is rather a rank.
func hasHashBefore(t *text, n *numberSpan) bool {
	const shortest = 3
	return n.length() >= shortest && strings.HasSuffix(t.all[:n.from], "#")
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
	const farthest = 3
	if !numeral.IsWithin(at-number, 2, farthest) {
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
	if strings.Contains(n.value, ".") {
		return numeral.IsDotted(n.value)
	}
	const shortest, longest = 5, 8
	if !n.digitsOnly || !numeral.IsWithin(n.length(), shortest, longest) {
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

// isPostcodeOfTown says whether five digits stand before a word with a capital: "50667 Köln".
func isPostcodeOfTown(t *text, n *numberSpan) bool {
	if n.length() != len("50667") || !t.isSpaceAfter(n.last) {
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
