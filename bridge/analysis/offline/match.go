package offline

import (
	"slices"
	"strings"
)

// longestGap is how many words ".." in a phrase stands for, at most.
const longestGap = 3

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
			l.try(t, i, l.exact[anyNumber], seen)
		}
	}
	for m := range seen {
		found = append(found, m)
	}
	slices.SortFunc(found, compareMatches)
	return found
}

func compareMatches(a, b match) int {
	switch {
	case a.first != b.first:
		return a.first - b.first
	case a.last != b.last:
		return b.last - a.last
	case a.family != b.family:
		return int(a.family) - int(b.family)
	case a.name != b.name:
		return strings.Compare(a.name, b.name)
	case a.weight > b.weight:
		return -1
	case a.weight < b.weight:
		return 1
	}
	return 0
}

// findForm tries the phrases whose first word a form may be.
func (l *lexicon) findForm(t *text, i int, form string, seen map[match]bool) {
	l.try(t, i, l.exact[form], seen)
	for n := 2; n <= min(len(form), 24); n++ {
		l.try(t, i, l.stems[form[:n]], seen)
		l.try(t, i, l.tails[form[len(form)-n:]], seen)
	}
}

func (l *lexicon) try(t *text, i int, phrases []phrase, seen map[match]bool) {
	for _, p := range phrases {
		if last := l.follow(t, i, p.rest); last >= 0 {
			seen[match{p.section, i, last}] = true
		}
	}
}

// follow says at which word the rest of a phrase ends that began before, or -1.
func (l *lexicon) follow(t *text, at int, rest []element) int {
	if len(rest) == 0 {
		return at
	}
	most := 0
	if rest[0].isGap() {
		most, rest = longestGap, rest[1:]
	}
	for skip := 0; skip <= most; skip++ {
		next := at + 1 + skip
		if next >= len(t.tokens) || t.tokens[next].sentence != t.tokens[at].sentence {
			return -1
		}
		if l.fits(&t.tokens[next], rest[0]) {
			if last := l.follow(t, next, rest[1:]); last >= 0 {
				return last
			}
		}
	}
	return -1
}

func (l *lexicon) fits(k *token, e element) bool {
	return l.fitsForm(k, k.form, e) || k.alt != "" && l.fitsForm(k, k.alt, e)
}

func (l *lexicon) fitsForm(k *token, form string, e element) bool {
	for _, w := range e {
		switch {
		case w == form || w == anyNumber && (k.number || l.numbers[form]):
			return true
		case w[len(w)-1] == '*' && strings.HasPrefix(form, w[:len(w)-1]):
			return true
		case w[0] == '*' && strings.HasSuffix(form, w[1:]):
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
			if o.first <= m.first && o.last >= m.last && o.last-o.first > m.last-m.first {
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
