package offline

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"parley/bridge/analysis/offline/lexicon"
)

// The lexicons list phrases of each language by their meaning. In a phrase, ".." stands for up to three words, and "*" for
// any ending: "where .. order*" matches "where is my order". This file finds the phrases of a lexicon in a text.

// maxGapWords is the maximum number of words that ".." matches.
const maxGapWords = 3

// The length in bytes of the beginning or end of a phrase's first word: "deliver*", "*rechnung".
const (
	minStemBytes = 2
	maxStemBytes = 24
)

// match is a phrase that was found in a text.
type match struct {
	*lexicon.Section

	first, last int // indices in text.tokens
}

// findPhrases returns all phrases of a lexicon in a text, together with earlier matches, in the order of compareMatches.
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

// compareMatches orders matches by their start, longer ones first. It compares family, name and weight only to make the
// order deterministic.
func compareMatches(a, b match) int {
	return cmp.Or(
		cmp.Compare(a.first, b.first),
		cmp.Compare(b.last, a.last),
		cmp.Compare(a.Family, b.Family),
		strings.Compare(a.Name, b.Name),
		cmp.Compare(b.Weight, a.Weight),
	)
}

// findForm adds the phrases that start with the word i in this form to found. It cuts beginnings and endings at bytes: a
// cut within a character is harmless, since no phrase has such a part.
func findForm(l *lexicon.Lexicon, t *text, i int, form string, found map[match]bool) {
	tryPhrases(l, t, i, l.Exact[form], found)
	for n := minStemBytes; n <= min(len(form), maxStemBytes); n++ {
		tryPhrases(l, t, i, l.Stems[form[:n]], found)
		tryPhrases(l, t, i, l.Tails[form[len(form)-n:]], found)
	}
}

// tryPhrases adds those of the phrases to found that match from the word i on. Their first words are known to match.
func tryPhrases(l *lexicon.Lexicon, t *text, i int, phrases []lexicon.Phrase, found map[match]bool) {
	for _, p := range phrases {
		if last, complete := findEnd(l, t, i, p.Rest); complete {
			found[match{p.Section, i, last}] = true
		}
	}
}

// findEnd matches the rest of a phrase after the word at, in the same sentence. It returns the index of the phrase's last
// word. A gap matches as few words as possible.
func findEnd(l *lexicon.Lexicon, t *text, at int, rest []lexicon.Element) (last int, found bool) {
	if len(rest) == 0 {
		return at, true
	}

	maxSkipped := 0
	if rest[0].IsGap() {
		maxSkipped, rest = maxGapWords, rest[1:]
	}

	for skipped := 0; skipped <= maxSkipped; skipped++ {
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

// matchesToken reports whether an element of a phrase matches a word in either of its forms.
func matchesToken(l *lexicon.Lexicon, word *token, e lexicon.Element) bool {
	if matchesForm(l, word, word.form, e) {
		return true
	}
	return word.alt != "" && matchesForm(l, word, word.alt, e)
}

// matchesForm reports whether an element of a phrase matches a word in this form.
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

// withoutInnerMatches removes matches that are part of a longer one, so that "not bad" isn't also "bad". The matches must be in the
// order of compareMatches.
func withoutInnerMatches(matches []match) []match {
	return slices.DeleteFunc(slices.Clone(matches), func(m match) bool {
		for _, other := range matches {
			if other.first > m.last {
				break // this one and all further ones start after m
			}
			isLonger := other.last-other.first > m.last-m.first
			containsMatch := other.first <= m.first && other.last >= m.last
			if isLonger && containsMatch {
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
