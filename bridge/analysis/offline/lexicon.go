package offline

import (
	"embed"
	"fmt"
	"slices"
	"strings"

	"parley/bridge/analysis/offline/numeral"
	"parley/bridge/analysis/offline/wordform"
)

//go:embed lexicon/*.txt
var lexicons embed.FS

// family says what the phrases of a section are for.
type family uint8

const (
	ofLanguage family = iota + 1 // function words, letters and endings: they tell languages apart
	ofNumber                     // words for numbers: what a "0" in a phrase also stands for
	ofMood                       // how a customer feels
	ofModifier                   // words that turn, strengthen or weaken what stands near
	ofUrgency
	ofIntent
	ofAnnounce // words before the number of an order, an invoice …
	ofDate     // names of months, and what says that somebody is away until a date
)

// section is a heading of a lexicon with what it says.
type section struct {
	family family
	name   string  // "positive", "return", "invoice"
	weight float64 // strong 2, plain 1, weak 0.5
}

// phrase is a line's entry: words that stand in this order in one sentence.
type phrase struct {
	section *section
	rest    []element // behind the first word, under which it is found
}

// element is one place of a phrase: the forms that a word may have there, folded. "deliver*" is how it begins,
// "*rechnung" how it ends, and gap stands for up to three words of any kind.
type element []string

// gap is the element that ".." stands for.
const gap = ".."

func (e element) isGap() bool { return len(e) == 1 && e[0] == gap }

// lexicon is what we know of a language.
type lexicon struct {
	language string
	exact    map[string][]phrase // by the whole first word
	stems    map[string][]phrase // by its beginning: "deliver*"
	tails    map[string][]phrase // by its end: "*rechnung"
	numbers  map[string]bool     // words for numbers
	function []string            // small words
	letters  string              // beside a–z
	endings  []string
	elements map[string]element // while it is read: what was read already
}

// anyNumber stands in phrases for a number in digits or in a word.
const anyNumber = "0"

// allFamilies gives the families by what headings call them.
func allFamilies() map[string]family {
	return map[string]family{
		"language": ofLanguage, "number": ofNumber, "mood": ofMood, "turn": ofModifier, "urgency": ofUrgency,
		"intent": ofIntent, "announce": ofAnnounce, "date": ofDate,
	}
}

// parseLexicon reads a file of package offline's lexicons. Their form is described in lexicon/README.md.
func parseLexicon(language, content string) (*lexicon, error) {
	l := &lexicon{
		language: language, exact: map[string][]phrase{}, stems: map[string][]phrase{}, tails: map[string][]phrase{},
		numbers: map[string]bool{}, elements: map[string]element{},
	}
	var current *section
	for number, line := range strings.Split(content, "\n") {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || strings.HasPrefix(line, "//"):
			continue
		case strings.HasPrefix(line, "=="):
			s, err := parseHeading(strings.Fields(line[2:]))
			if err != nil {
				return nil, fmt.Errorf("%s, line %d: %w", language, number+1, err)
			}
			current = s
			continue
		case current == nil:
			return nil, fmt.Errorf("%s, line %d: no heading above", language, number+1)
		}
		for entry := range strings.SplitSeq(line, ",") {
			if err := l.add(current, strings.TrimSpace(entry)); err != nil {
				return nil, fmt.Errorf("%s, line %d: %w", language, number+1, err)
			}
		}
	}
	l.elements = nil
	return l, nil
}

// parseHeading reads "== mood positive strong".
func parseHeading(words []string) (*section, error) {
	const most = 3
	if !numeral.IsWithin(len(words), 2, most) || allFamilies()[words[0]] == 0 {
		return nil, fmt.Errorf("a heading is a family, a name and perhaps strong or weak: %q", words)
	}
	s := &section{family: allFamilies()[words[0]], name: words[1], weight: 1}
	if len(words) == most {
		switch words[2] {
		case "strong":
			s.weight = 2
		case "weak":
			s.weight = 0.5
		default:
			return nil, fmt.Errorf("neither strong nor weak: %q", words[2])
		}
	}
	return s, nil
}

// add reads one entry of a section.
func (l *lexicon) add(s *section, entry string) error {
	if entry == "" {
		return nil
	}
	if s.family == ofLanguage {
		l.addOfLanguage(s.name, entry)
		return nil
	}
	if s.family == ofNumber {
		for w := range strings.FieldsSeq(entry) {
			l.numbers[wordform.Fold(w)] = true
		}
		return nil
	}
	for _, words := range expand(strings.Fields(entry)) {
		elements, err := l.parseElements(words)
		if err != nil {
			return fmt.Errorf("%q: %w", entry, err)
		}
		l.index(elements, s)
	}
	return nil
}

// addOfLanguage reads an entry of letters, endings or small words.
func (l *lexicon) addOfLanguage(name, entry string) {
	switch name {
	case "letters":
		l.letters += strings.ReplaceAll(entry, " ", "")
	case "endings":
		for e := range strings.FieldsSeq(entry) {
			l.endings = append(l.endings, wordform.Fold(e))
		}
	default:
		for w := range strings.FieldsSeq(entry) {
			l.function = append(l.function, wordform.Fold(w))
		}
	}
}

// expand writes an entry out with and without each word that may be missing, as "the?".
func expand(words []string) [][]string {
	for i, w := range words {
		if strings.HasSuffix(w, "?") && len(w) > 1 {
			with, without := slices.Clone(words), slices.Delete(slices.Clone(words), i, i+1)
			with[i] = w[:len(w)-1]
			return append(expand(with), expand(without)...)
		}
	}
	return [][]string{words}
}

// parseElements reads the words of an entry. A word that a text's reader would cut in two is two elements.
func (l *lexicon) parseElements(words []string) ([]element, error) {
	var all []element
	for _, w := range words {
		parts := cutWord(w)
		if len(parts) < 2 {
			parts = []string{w}
		}
		for _, p := range parts {
			e, known := l.elements[p]
			if !known {
				e = parseElement(strings.Split(p, "/"))
				l.elements[p] = e
			}
			all = append(all, e)
		}
	}
	isOpen := len(all) == 0 || all[0].isGap()
	if isOpen || all[len(all)-1].isGap() {
		return nil, fmt.Errorf("an entry begins and ends with a word")
	}
	for _, e := range all {
		if slices.Contains(e, "") || slices.Contains(e, "*") {
			return nil, fmt.Errorf("a word without letters")
		}
	}
	return all, nil
}

// cutWord cuts a word with a hyphen, or with an article that lost its vowel, as the tokenizer does.
func cutWord(w string) []string {
	isWhole := strings.Contains(w, "*") && !strings.ContainsAny(w, "-'’")
	if isWhole || strings.Contains(w, "/") {
		return nil
	}
	var parts []string
	for p := range strings.SplitSeq(w, "-") {
		before, after, found := strings.Cut(strings.ReplaceAll(p, "’", "'"), "'")
		if found && wordform.IsElided(wordform.Fold(before)) {
			parts = append(parts, before, after)
		} else {
			parts = append(parts, p)
		}
	}
	return slices.DeleteFunc(parts, func(s string) bool { return s == "" })
}

func parseElement(alternatives []string) element {
	e := make(element, 0, len(alternatives))
	for _, a := range alternatives {
		f := wordform.Fold(strings.Trim(a, "*"))
		isKeptAsIs := a == gap || a == ":)" || a == ":("
		switch {
		case isKeptAsIs || f == "":
			e = append(e, a)
		case strings.HasSuffix(a, "*"):
			e = append(e, f+"*")
		case strings.HasPrefix(a, "*"):
			e = append(e, "*"+f)
		default:
			e = append(e, f)
		}
	}
	return e
}

// index files a phrase under each form of its first word.
func (l *lexicon) index(elements []element, s *section) {
	p := phrase{section: s, rest: slices.Clip(elements[1:])}
	if len(p.rest) == 0 {
		p.rest = nil
	}
	for _, form := range elements[0] {
		if head, found := strings.CutSuffix(form, "*"); found {
			l.stems[head] = append(l.stems[head], p)
		} else if tail, found := strings.CutPrefix(form, "*"); found {
			l.tails[tail] = append(l.tails[tail], p)
		} else {
			l.exact[form] = append(l.exact[form], p)
		}
	}
}
