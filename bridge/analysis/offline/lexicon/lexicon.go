// Package lexicon parses the word lists in this folder, one for each language. They list phrases by what they mean:
//
//	== mood positive strong
//	thank you so much, works perfectly, delight*
//
// README.md describes the format. Package offline looks for the phrases in customers' messages, and package tongue uses the
// words to detect a message's language.
package lexicon

import (
	"fmt"
	"slices"
	"strings"

	"parley/bridge/analysis/offline/numeral"
	"parley/bridge/analysis/offline/wordform"
)

// Family is the purpose of a section's phrases.
type Family uint8

// The families of sections.
const (
	OfLanguage Family = iota + 1 // function words, letters and endings, by which a language is detected
	OfNumber                     // number words, which match a "0" in a phrase
	OfMood                       // the customer's mood
	OfModifier                   // words that negate, strengthen or weaken a phrase nearby
	OfUrgency                    // what is urgent, and phrases that deny it
	OfIntent                     // what a customer wants
	OfAnnounce                   // words before the number of an order, an invoice and so on
	OfDate                       // names of months, and phrases like "back on" before a date
)

// Section is a heading of a lexicon: "== mood positive strong".
type Section struct {
	Family Family
	Name   string  // "positive", "return", "invoice"
	Weight float64 // 2 for strong, 1, or 0.5 for weak
}

// Phrase is an entry of a section: words that must occur in this order in one sentence.
type Phrase struct {
	Section *Section
	Rest    []Element // without the first word, which is the key in the maps of a Lexicon
}

// Element is one position in a phrase: the alternative words for it, folded. "deliver*" matches a word's beginning,
// "*rechnung" its end.
type Element []string

// Gap is the only word of an element that matches up to three words of any kind.
const Gap = ".."

// IsGap reports whether an element is a Gap.
func (e Element) IsGap() bool { return len(e) == 1 && e[0] == Gap }

// English is the index of the English lexicon in Set.Ours.
const English = 0

// Lexicon is the content of one file.
type Lexicon struct {
	Language string
	Exact    map[string][]Phrase // by the first word
	Stems    map[string][]Phrase // by the beginning of the first word: "deliver" for "deliver*"
	Tails    map[string][]Phrase // by the end of the first word: "rechnung" for "*rechnung"
	Numbers  map[string]bool     // number words
	Function []string            // function words, such as "the"
	Letters  string              // the letters besides a–z
	Endings  []string            // typical endings of words

	elements map[string]Element // while parsing: shares equal elements, by their source text
}

// AnyNumber is the word of an element that matches any number, in digits or as a word.
const AnyNumber = "0"

// allFamilies returns the families by their names in headings.
func allFamilies() map[string]Family {
	return map[string]Family{
		"language": OfLanguage, "number": OfNumber, "mood": OfMood, "turn": OfModifier, "urgency": OfUrgency,
		"intent": OfIntent, "announce": OfAnnounce, "date": OfDate,
	}
}

// parse parses a file.
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

// parseHeading parses the words of a heading, such as "mood positive strong".
func parseHeading(words []string) (*Section, error) {
	const maxWords = 3
	if !numeral.IsWithin(len(words), 2, maxWords) || allFamilies()[words[0]] == 0 {
		return nil, fmt.Errorf("a heading is a family, a name and perhaps strong or weak: %q", words)
	}

	s := &Section{Family: allFamilies()[words[0]], Name: words[1], Weight: 1}
	if len(words) == maxWords {
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

// add adds one entry of a section.
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

// addOfLanguage adds an entry of the family OfLanguage.
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

// expand returns an entry with and without each optional word. "on the? way" becomes "on the way" and "on way".
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

// parseElements parses the words of an entry. A word that the tokenizer of texts cuts in two becomes two elements.
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

// cutWord cuts a word at hyphens and after an elided article ("l'ordine"), as the tokenizer does. It returns nil for words
// that aren't cut.
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

// index adds a phrase to the maps, under each alternative of its first word.
func (l *Lexicon) index(elements []Element, s *Section) {
	p := Phrase{Section: s}
	if len(elements) > 1 {
		p.Rest = slices.Clone(elements[1:]) // a subslice would keep the whole array in memory
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
