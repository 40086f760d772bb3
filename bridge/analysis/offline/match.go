package offline

import (
	"cmp"
	"slices"
	"strings"

	"parley/bridge/analysis/offline/lexicon"
)

// longestGap is how many words ".." in a phrase stands for, at most.
const longestGap = 3

// longestStem bounds, in bytes, the beginnings and endings of words that are looked for: "deliver*", "*rechnung".
const longestStem = 24

// match is a phrase that was found in a text.
type match struct {
	*lexicon.Section

	first, last int // words of the text
}

// findPhrases gives all phrases of a lexicon which a text holds, by where they begin, the longer ones first.
func findPhrases(l *lexicon.Lexicon, t *text, found []match) []match {
	seen := make(map[match]bool)
	for i := range t.tokens {
		k := &t.tokens[i]
		findForm(l, t, i, k.form, seen)
		if k.alt != "" {
			findForm(l, t, i, k.alt, seen)
		}
		if k.number || l.Numbers[k.form] {
			tryPhrases(l, t, i, l.Exact[lexicon.AnyNumber], seen)
		}
	}
	for m := range seen {
		found = append(found, m)
	}
	slices.SortFunc(found, compareMatches)
	return found
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

// findForm tries the phrases whose first word a form may be.
func findForm(l *lexicon.Lexicon, t *text, i int, form string, seen map[match]bool) {
	tryPhrases(l, t, i, l.Exact[form], seen)
	for n := 2; n <= min(len(form), longestStem); n++ {
		tryPhrases(l, t, i, l.Stems[form[:n]], seen)
		tryPhrases(l, t, i, l.Tails[form[len(form)-n:]], seen)
	}
}

// tryPhrases finds those of some phrases that begin with a word.
func tryPhrases(l *lexicon.Lexicon, t *text, i int, phrases []lexicon.Phrase, seen map[match]bool) {
	for _, p := range phrases {
		last, found := findEnd(l, t, i, p.Rest)
		if found {
			seen[match{p.Section, i, last}] = true
		}
	}
}

// findEnd says at which word a phrase ends of which all but the rest was found, up to a word.
func findEnd(l *lexicon.Lexicon, t *text, at int, rest []lexicon.Element) (last int, found bool) {
	if len(rest) == 0 {
		return at, true
	}
	most := 0
	if rest[0].IsGap() {
		most, rest = longestGap, rest[1:]
	}
	for skip := 0; skip <= most; skip++ {
		next := at + 1 + skip
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

// matchesToken says whether a word may stand at one place of a phrase, by either of its readings.
func matchesToken(l *lexicon.Lexicon, k *token, e lexicon.Element) bool {
	if matchesForm(l, k, k.form, e) {
		return true
	}
	return k.alt != "" && matchesForm(l, k, k.alt, e)
}

func matchesForm(l *lexicon.Lexicon, k *token, form string, e lexicon.Element) bool {
	for _, w := range e {
		if w == form {
			return true
		}
		isNumber := k.number || l.Numbers[form]
		if isNumber && w == lexicon.AnyNumber {
			return true
		}
		if w[len(w)-1] == '*' && strings.HasPrefix(form, w[:len(w)-1]) {
			return true
		}
		if w[0] == '*' && strings.HasSuffix(form, w[1:]) {
			return true
		}
	}
	return false
}

// longest removes matches which lie within a longer one, so that "not bad" is not "bad" as well.
func longest(matches []match) []match {
	return slices.DeleteFunc(slices.Clone(matches), func(m match) bool {
		for _, o := range matches {
			if o.first > m.last {
				break
			}
			isLonger := o.last-o.first > m.last-m.first
			holdsMatch := o.first <= m.first && o.last >= m.last
			if isLonger && holdsMatch {
				return true
			}
		}
		return false
	})
}

// matchesOf gives the matches of a family.
func matchesOf(matches []match, f lexicon.Family) []match {
	var found []match
	for _, m := range matches {
		if m.Family == f {
			found = append(found, m)
		}
	}
	return found
}
