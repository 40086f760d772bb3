package offline

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"parley/bridge/analysis/offline/lexicon"
)

// The lexicons list phrases of each language with what they mean. A phrase may have gaps and open ends: "where ..
// order*". This file finds the phrases of a lexicon in a text.

// longestGap is how many words ".." in a phrase stands for, at most.
const longestGap = 3

// Lengths, in bytes, of the beginnings and endings of words that a phrase may begin with: "deliver*", "*rechnung".
const (
	shortestStem = 2
	longestStem  = 24
)

// match is a phrase that was found in a text.
type match struct {
	*lexicon.Section

	first, last int // its first and last word, as indexes of text.tokens
}

// findPhrases finds all phrases of a lexicon in a text. It returns them together with earlier matches, in the order of
// compareMatches.
func findPhrases(l *lexicon.Lexicon, t *text, earlier []match) []match {
	found := make(map[match]bool) // a set, because a phrase may be found by both forms of a word
	for i := range t.tokens {
		word := &t.tokens[i]
		findForm(l, t, i, word.form, found)

		if word.alt != "" {
			findForm(l, t, i, word.alt, found)
		}
		if word.number || l.Numbers[word.form] {
			tryPhrases(l, t, i, l.Exact[lexicon.AnyNumber], found)
		}
	}

	matches := slices.AppendSeq(earlier, maps.Keys(found))
	slices.SortFunc(matches, compareMatches)
	return matches
}

// compareMatches sorts matches by where they begin, the longer ones first. Family, name and weight only make the order the
// same each time.
func compareMatches(a, b match) int {
	return cmp.Or(
		cmp.Compare(a.first, b.first),
		cmp.Compare(b.last, a.last),
		cmp.Compare(a.Family, b.Family),
		strings.Compare(a.Name, b.Name),
		cmp.Compare(b.Weight, a.Weight),
	)
}

// findForm adds to found the phrases that begin with word i, read as this form. Beginnings and endings are cut at bytes: a
// cut within a letter meets no phrase, since those consist of whole letters.
func findForm(l *lexicon.Lexicon, t *text, i int, form string, found map[match]bool) {
	tryPhrases(l, t, i, l.Exact[form], found)
	for n := shortestStem; n <= min(len(form), longestStem); n++ {
		tryPhrases(l, t, i, l.Stems[form[:n]], found)
		tryPhrases(l, t, i, l.Tails[form[len(form)-n:]], found)
	}
}

// tryPhrases adds to found those of the phrases that stand in the text from word i on. Their first words are known to match.
func tryPhrases(l *lexicon.Lexicon, t *text, i int, phrases []lexicon.Phrase, found map[match]bool) {
	for _, p := range phrases {
		if last, complete := findEnd(l, t, i, p.Rest); complete {
			found[match{p.Section, i, last}] = true
		}
	}
}

// findEnd looks for the rest of a phrase behind the word at, where the phrase's earlier words end. It returns the last word
// of the phrase. A gap in the phrase takes as few words as possible. A phrase doesn't go beyond its sentence.
func findEnd(l *lexicon.Lexicon, t *text, at int, rest []lexicon.Element) (last int, found bool) {
	if len(rest) == 0 {
		return at, true
	}

	mostSkipped := 0
	if rest[0].IsGap() {
		mostSkipped, rest = longestGap, rest[1:]
	}

	for skipped := 0; skipped <= mostSkipped; skipped++ {
		next := at + 1 + skipped
		if next >= len(t.tokens) || t.tokens[next].sentence != t.tokens[at].sentence {
			return 0, false
		}
		if !matchesToken(l, &t.tokens[next], rest[0]) {
			continue
		}
		if last, found = findEnd(l, t, next, rest[1:]); found {
			return last, true
		}
	}

	return 0, false
}

// matchesToken reports whether a word may stand at one place of a phrase, by either of its forms.
func matchesToken(l *lexicon.Lexicon, word *token, e lexicon.Element) bool {
	if matchesForm(l, word, word.form, e) {
		return true
	}
	return word.alt != "" && matchesForm(l, word, word.alt, e)
}

// matchesForm reports whether a word, read as this form, is one of those that an element allows.
func matchesForm(l *lexicon.Lexicon, word *token, form string, e lexicon.Element) bool {
	isNumber := word.number || l.Numbers[form]
	for _, allowed := range e {
		if allowed == form {
			return true
		}
		if isNumber && allowed == lexicon.AnyNumber {
			return true
		}
		if stem, isStem := strings.CutSuffix(allowed, "*"); isStem && strings.HasPrefix(form, stem) {
			return true
		}
		if ending, isEnding := strings.CutPrefix(allowed, "*"); isEnding && strings.HasSuffix(form, ending) {
			return true
		}
	}

	return false
}

// withoutInnerMatches removes matches which lie within a longer one, so that "not bad" is not "bad" as well. The matches must be in the
// order of compareMatches.
func withoutInnerMatches(matches []match) []match {
	return slices.DeleteFunc(slices.Clone(matches), func(m match) bool {
		for _, other := range matches {
			if other.first > m.last {
				break // this one and all behind it begin behind m
			}
			isLonger := other.last-other.first > m.last-m.first
			holdsMatch := other.first <= m.first && other.last >= m.last
			if isLonger && holdsMatch {
				return true
			}
		}
		return false
	})
}

// matchesOf returns the matches of a family.
func matchesOf(matches []match, f lexicon.Family) []match {
	var found []match
	for _, m := range matches {
		if m.Family == f {
			found = append(found, m)
		}
	}
	return found
}
