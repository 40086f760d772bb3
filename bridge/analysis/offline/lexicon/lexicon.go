// Package lexicon reads what is known of words: the lists of this folder, one of each language, whose form README.md
// describes.
//
// What does not belong here: finding their phrases in a text, and what these then say of it (bridge/analysis/offline); which
// language a text is in (offline/tongue).
package lexicon

import (
	"fmt"
	"slices"
	"strings"

	"parley/bridge/analysis/offline/numeral"
	"parley/bridge/analysis/offline/wordform"
)

// Family says what the phrases of a section are for.
type Family uint8

// The families, each named by what its phrases tell of.
const (
	OfLanguage Family = iota + 1 // function words, letters and endings: they tell languages apart
	OfNumber                     // words for numbers: what a "0" in a phrase also stands for
	OfMood                       // how a customer feels
	OfModifier                   // words that turn, strengthen or weaken what stands near
	OfUrgency                    // what presses, and what takes that back
	OfIntent                     // what a customer wants
	OfAnnounce                   // words before the number of an order, an invoice …
	OfDate                       // names of months, and what says that somebody is away until a date
)

// Section is a heading of a lexicon with what it says.
type Section struct {
	Family Family
	Name   string  // "positive", "return", "invoice"
	Weight float64 // strong 2, plain 1, weak 0.5
}

// Phrase is a line's entry: words that stand in this order in one sentence.
type Phrase struct {
	Section *Section
	Rest    []Element // behind the first word, under which it is found
}

// Element is one place of a phrase: the forms that a word may have there, folded. "deliver*" is how it begins,
// "*rechnung" how it ends, and Gap stands for up to three words of any kind.
type Element []string

// Gap is the element that ".." stands for.
const Gap = ".."

// IsGap reports whether an element stands for words of any kind.
func (e Element) IsGap() bool { return len(e) == 1 && e[0] == Gap }

// English is the place of the English lexicon among ours.
const English = 0

// Lexicon is what we know of a language.
type Lexicon struct {
	Language string
	Exact    map[string][]Phrase // by the whole first word
	Stems    map[string][]Phrase // by its beginning: "deliver*"
	Tails    map[string][]Phrase // by its end: "*rechnung"
	Numbers  map[string]bool     // words for numbers
	Function []string            // small words
	Letters  string              // beside a–z
	Endings  []string
	elements map[string]Element // while the file is read: the elements that were read, by how they are written
}

// AnyNumber stands in phrases for a number in digits or in a word.
const AnyNumber = "0"

// allFamilies returns the families by what headings call them.
func allFamilies() map[string]Family {
	return map[string]Family{
		"language": OfLanguage, "number": OfNumber, "mood": OfMood, "turn": OfModifier, "urgency": OfUrgency,
		"intent": OfIntent, "announce": OfAnnounce, "date": OfDate,
	}
}

// parse reads a file. Its form is described in README.md.
func parse(language, content string) (*Lexicon, error) {
	l := &Lexicon{
		Language: language, Exact: map[string][]Phrase{}, Stems: map[string][]Phrase{}, Tails: map[string][]Phrase{},
		Numbers: map[string]bool{}, elements: map[string]Element{},
	}

	var current *Section
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
func parseHeading(words []string) (*Section, error) {
	const most = 3
	if !numeral.IsWithin(len(words), 2, most) || allFamilies()[words[0]] == 0 {
		return nil, fmt.Errorf("a heading is a family, a name and perhaps strong or weak: %q", words)
	}

	s := &Section{Family: allFamilies()[words[0]], Name: words[1], Weight: 1}
	if len(words) == most {
		switch words[2] {
		case "strong":
			s.Weight = 2
		case "weak":
			s.Weight = 0.5
		default:
			return nil, fmt.Errorf("neither strong nor weak: %q", words[2])
		}
	}

	return s, nil
}

// add reads one entry of a section.
func (l *Lexicon) add(s *Section, entry string) error {
	if entry == "" {
		return nil
	}
	if s.Family == OfLanguage {
		l.addOfLanguage(s.Name, entry)
		return nil
	}

	if s.Family == OfNumber {
		for w := range strings.FieldsSeq(entry) {
			l.Numbers[wordform.Fold(w)] = true
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
func (l *Lexicon) addOfLanguage(name, entry string) {
	switch name {
	case "letters":
		l.Letters += strings.ReplaceAll(entry, " ", "")
	case "endings":
		for e := range strings.FieldsSeq(entry) {
			l.Endings = append(l.Endings, wordform.Fold(e))
		}
	default:
		for w := range strings.FieldsSeq(entry) {
			l.Function = append(l.Function, wordform.Fold(w))
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
func (l *Lexicon) parseElements(words []string) ([]Element, error) {
	var all []Element
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

	isOpen := len(all) == 0 || all[0].IsGap()
	if isOpen || all[len(all)-1].IsGap() {
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

func parseElement(alternatives []string) Element {
	e := make(Element, 0, len(alternatives))
	for _, a := range alternatives {
		f := wordform.Fold(strings.Trim(a, "*"))
		isKeptAsIs := a == Gap || a == ":)" || a == ":("
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
func (l *Lexicon) index(elements []Element, s *Section) {
	p := Phrase{Section: s}
	if len(elements) > 1 {
		p.Rest = slices.Clone(elements[1:]) // a part would keep the whole
	}
	for _, form := range elements[0] {
		if head, found := strings.CutSuffix(form, "*"); found {
			l.Stems[head] = append(l.Stems[head], p)
		} else if tail, found := strings.CutPrefix(form, "*"); found {
			l.Tails[tail] = append(l.Tails[tail], p)
		} else {
			l.Exact[form] = append(l.Exact[form], p)
		}
	}
}
