package offline

import (
	"cmp"
	"slices"
	"strings"
)

// longestGap is how many words ".." in a phrase stands for, at most.
const longestGap = 3

// longestStem bounds, in bytes, the beginnings and endings of words that are looked for: "deliver*", "*rechnung".
const longestStem = 24

// match is a phrase that was found in a text.
type match struct {
	*section
	first, last int // words of the text
}

// find gives all phrases of a lexicon which a text holds, by where they begin, the longer ones first.
func (l *lexicon) find(t *text, found []match) []match {
	seen := make(map[match]bool)
	for i := range t.tokens {
		k := &t.tokens[i]
		l.findForm(t, i, k.form, seen)
		if k.alt != "" {
			l.findForm(t, i, k.alt, seen)
		}
		if k.number || l.numbers[k.form] {
			l.tryPhrases(t, i, l.exact[anyNumber], seen)
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
		cmp.Compare(a.family, b.family),
		strings.Compare(a.name, b.name),
		cmp.Compare(b.weight, a.weight),
	)
}

// findForm tries the phrases whose first word a form may be.
func (l *lexicon) findForm(t *text, i int, form string, seen map[match]bool) {
	l.tryPhrases(t, i, l.exact[form], seen)
	for n := 2; n <= min(len(form), longestStem); n++ {
		l.tryPhrases(t, i, l.stems[form[:n]], seen)
		l.tryPhrases(t, i, l.tails[form[len(form)-n:]], seen)
	}
}

// tryPhrases finds those of some phrases that begin with a word.
func (l *lexicon) tryPhrases(t *text, i int, phrases []phrase, seen map[match]bool) {
	for _, p := range phrases {
		last, found := l.findEnd(t, i, p.rest)
		if found {
			seen[match{p.section, i, last}] = true
		}
	}
}

// findEnd says at which word a phrase ends of which all but the rest was found, up to a word.
func (l *lexicon) findEnd(t *text, at int, rest []element) (last int, found bool) {
	if len(rest) == 0 {
		return at, true
	}
	most := 0
	if rest[0].isGap() {
		most, rest = longestGap, rest[1:]
	}
	for skip := 0; skip <= most; skip++ {
		next := at + 1 + skip
		if next >= len(t.tokens) || t.tokens[next].sentence != t.tokens[at].sentence {
			return 0, false
		}
		if !l.matchesToken(&t.tokens[next], rest[0]) {
			continue
		}
		if last, found = l.findEnd(t, next, rest[1:]); found {
			return last, true
		}
	}
	return 0, false
}

// matchesToken says whether a word may stand at one place of a phrase, by either of its readings.
func (l *lexicon) matchesToken(k *token, e element) bool {
	if l.matchesForm(k, k.form, e) {
		return true
	}
	return k.alt != "" && l.matchesForm(k, k.alt, e)
}

func (l *lexicon) matchesForm(k *token, form string, e element) bool {
	for _, w := range e {
		if w == form {
			return true
		}
		isNumber := k.number || l.numbers[form]
		if isNumber && w == anyNumber {
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
func matchesOf(matches []match, f family) []match {
	var found []match
	for _, m := range matches {
		if m.family == f {
			found = append(found, m)
		}
	}
	return found
}
