package offline

import (
	"cmp"
	"embed"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// The files of the folder lexicon, one for each language, list phrases by their meaning:
//
//	== mood positive strong
//	thank you so much, works perfectly, delight*
//
// README.md there describes the format. This file parses them, and finds their phrases in a text.

//go:embed lexicon/*.txt
var lexiconFiles embed.FS

// section is a heading of a lexicon: "== mood positive strong".
type section struct {
	family string  // "mood", "turn", "urgency", "intent" or "date"
	name   string  // "positive", "return"
	weight float64 // 2 for strong, 1, or 0.5 for weak
}

// phrase is an entry of a section: words that must occur in this order in one sentence. Its first word is the key in the
// maps of a lexicon.
type phrase struct {
	*section
	rest []element
}

// element is one position in a phrase: the alternative words for it, folded. "deliver*" matches a word's beginning,
// "*rechnung" its end, and ".." up to maxGap words of any kind.
type element []string

const (
	gap       = ".."
	maxGap    = 3
	anyNumber = "0" // matches any number, in digits or as a word

	minPartBytes = 2 // of the beginning or the end of a phrase's first word
	maxPartBytes = 24
)

// lexicon is the content of one file.
type lexicon struct {
	language string
	first    map[string][]phrase // by the first word, or by its part: "deliver*", "*rechnung"
	numbers  map[string]bool     // number words
	function []string            // function words, such as "the"
	letters  string              // the letters besides a–z
	endings  []string            // typical endings of words
}

// readLexicon parses the embedded file of a language.
func readLexicon(language string) (*lexicon, error) {
	content, err := lexiconFiles.ReadFile("lexicon/" + language + ".txt")
	if err != nil {
		return nil, fmt.Errorf("lexicons: %w", err)
	}
	return parseLexicon(language, string(content))
}

func parseLexicon(language, content string) (*lexicon, error) {
	l := &lexicon{language: language, first: map[string][]phrase{}, numbers: map[string]bool{}}
	var current *section
	for number, line := range strings.Split(content, "\n") {
		line = strings.TrimSpace(line)
		heading, isHeading := strings.CutPrefix(line, "==")
		switch {
		case line == "" || strings.HasPrefix(line, "//"):
			continue
		case isHeading:
			if current = parseHeading(strings.Fields(heading)); current == nil {
				return nil, fmt.Errorf("%s, line %d: the heading %q isn't known", language, number+1, heading)
			}
			continue
		case current == nil:
			return nil, fmt.Errorf("%s, line %d: no heading above", language, number+1)
		}
		for entry := range strings.SplitSeq(line, ",") {
			l.add(current, strings.TrimSpace(entry))
		}
	}
	return l, nil
}

// parseHeading parses the words of a heading, such as "mood positive strong". It returns nil for others.
func parseHeading(words []string) *section {
	families := []string{"language", "number", "mood", "turn", "urgency", "intent", "date"}
	weights := map[string]float64{"": 1, "strong": 2, "weak": 0.5}
	words = append(words, "")
	if len(words) < 3 || !slices.Contains(families, words[0]) || weights[words[2]] == 0 {
		return nil
	}
	return &section{family: words[0], name: words[1], weight: weights[words[2]]}
}

// add adds one entry of a section.
func (l *lexicon) add(s *section, entry string) {
	switch s.family + " " + s.name {
	case "language letters":
		l.letters += strings.ReplaceAll(entry, " ", "")
	case "language endings":
		l.endings = append(l.endings, foldAll(entry)...)
	case "language words":
		l.function = append(l.function, foldAll(entry)...)
	case "number words":
		for _, w := range foldAll(entry) {
			l.numbers[w] = true
		}
	default:
		for _, words := range expand(strings.Fields(entry)) {
			elements := parseElements(words)
			for _, form := range elements[0] {
				l.first[form] = append(l.first[form], phrase{s, elements[1:]})
			}
		}
	}
}

func foldAll(words string) (folded []string) {
	for w := range strings.FieldsSeq(words) {
		folded = append(folded, Fold(w))
	}
	return folded
}

// expand returns an entry with and without each optional word. "on the? way" becomes "on the way" and "on way".
func expand(words []string) [][]string {
	for i, w := range words {
		if strings.HasSuffix(w, "?") {
			with, without := slices.Clone(words), slices.Delete(slices.Clone(words), i, i+1)
			with[i] = strings.TrimSuffix(w, "?")
			return append(expand(with), expand(without)...)
		}
	}
	if len(words) == 0 {
		return nil
	}
	return [][]string{words}
}

// parseElements parses the words of an entry. A word that readTokens cuts in two becomes two elements.
func parseElements(words []string) (all []element) {
	for _, w := range words {
		parts := []string{w}
		before, after, found := strings.Cut(strings.ReplaceAll(w, "’", "'"), "'")
		if strings.Contains(w, "-") && !strings.Contains(w, "/") {
			parts = strings.Split(w, "-")
		} else if found && IsElided(before) {
			parts = []string{before, after}
		}
		for _, p := range parts {
			var e element
			for alternative := range strings.SplitSeq(p, "/") {
				e = append(e, foldPart(alternative))
			}
			if p != "" {
				all = append(all, e)
			}
		}
	}
	return all
}

// foldPart folds a word of a phrase, but not its stars.
func foldPart(word string) string {
	folded := Fold(strings.Trim(word, "*"))
	if folded == "" { // ".." or an emoticon
		return word
	}
	if strings.HasPrefix(word, "*") {
		return "*" + folded
	}
	if strings.HasSuffix(word, "*") {
		return folded + "*"
	}
	return folded
}

// match is a phrase that was found in a text.
type match struct {
	*section
	first, last int // indices in text.tokens
}

// findPhrases returns the phrases of some lexicons in a text, in the order of compareMatches.
func findPhrases(lexicons []*lexicon, t *text) []match {
	found := map[match]bool{} // a set, because a phrase may be found by both forms of a word
	for i := range t.tokens {
		for _, l := range lexicons {
			for _, key := range l.keysOf(&t.tokens[i]) {
				for _, p := range l.first[key] {
					if last, ok := l.findEnd(t, i, p.rest); ok {
						found[match{p.section, i, last}] = true
					}
				}
			}
		}
	}
	return slices.SortedFunc(maps.Keys(found), compareMatches)
}

// compareMatches orders matches by their start, longer ones first. It compares the rest only to make the order
// deterministic.
func compareMatches(a, b match) int {
	return cmp.Or(
		cmp.Compare(a.first, b.first), cmp.Compare(b.last, a.last),
		cmp.Compare(a.family, b.family), cmp.Compare(a.name, b.name), cmp.Compare(b.weight, a.weight),
	)
}

// keysOf returns what the first word of a phrase may be so that a word matches it.
func (l *lexicon) keysOf(word *token) []string {
	var keys []string
	if word.number || l.numbers[word.form] {
		keys = append(keys, anyNumber)
	}
	for _, form := range []string{word.form, word.alt} {
		keys = append(keys, form)
		for n := minPartBytes; n <= min(len(form), maxPartBytes); n++ {
			keys = append(keys, form[:n]+"*", "*"+form[len(form)-n:])
		}
	}
	return keys
}

// findEnd matches the rest of a phrase after the word at, in the same sentence. It returns the index of the phrase's last
// word. A gap matches as few words as possible.
func (l *lexicon) findEnd(t *text, at int, rest []element) (last int, found bool) {
	if len(rest) == 0 {
		return at, true
	}
	maxSkipped := 0
	if rest[0][0] == gap {
		maxSkipped, rest = maxGap, rest[1:]
	}
	for next := at + 1; next <= at+1+maxSkipped; next++ {
		if next >= len(t.tokens) || t.tokens[next].sentence != t.tokens[at].sentence {
			return 0, false
		}
		if l.matches(&t.tokens[next], rest[0]) {
			if last, found = l.findEnd(t, next, rest[1:]); found {
				return last, true
			}
		}
	}
	return 0, false
}

// matches reports whether an element of a phrase matches a word in either of its forms.
func (l *lexicon) matches(word *token, e element) bool {
	isNumber := word.number || l.numbers[word.form]
	return slices.ContainsFunc(e, func(allowed string) bool {
		head, isHead := strings.CutSuffix(allowed, "*")
		tail, isTail := strings.CutPrefix(allowed, "*")
		switch {
		case allowed == anyNumber:
			return isNumber
		case isHead:
			return strings.HasPrefix(word.form, head) || strings.HasPrefix(word.alt, head)
		case isTail:
			return strings.HasSuffix(word.form, tail) || strings.HasSuffix(word.alt, tail)
		}
		return allowed == word.form || allowed == word.alt
	})
}

// matchesOf returns the matches of a family, without those that are part of a longer one: "not bad" isn't also "bad". The
// matches must be in the order of compareMatches.
func matchesOf(matches []match, family string) []match {
	var found []match
	for _, m := range matches {
		isInner := slices.ContainsFunc(found, func(o match) bool {
			return o.first <= m.first && o.last >= m.last && o.last-o.first > m.last-m.first
		})
		if m.family == family && !isInner {
			found = append(found, m)
		}
	}
	return found
}

// said returns the names of a family's sections of which the customer used a phrase.
func (t *text) said(matches []match, family string) (names []string) {
	for _, m := range matches {
		if m.family == family && !t.tokens[m.first].quoted {
			names = append(names, m.name)
		}
	}
	return names
}

// isNegated reports whether a negation shortly precedes a match in the same clause.
func isNegated(t *text, m match, turns []match) bool {
	const maxDistance = 3
	return slices.ContainsFunc(turns, func(n match) bool {
		isNear := n.last < m.first && m.first-n.last <= maxDistance
		return n.name == "not" && isNear && t.tokens[n.last].clause == t.tokens[m.first].clause
	})
}
