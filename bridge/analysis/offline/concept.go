package offline

import (
	_ "embed" // the words
	"errors"
	"fmt"
	"strings"

	"parley/bridge/analysis/offline/wordform"
)

//go:embed examples/concepts.txt
var conceptLines string

// concepts maps words of eight languages to their concept, a number. A concept is a group of words with a similar meaning:
// "wait", "warten", "attendre". Since concepts are features of the model, it can apply to one language what it learned
// from examples in another.
type concepts struct {
	exact map[string]uint16 // by language and word: "de warten"
	stems map[string]uint16 // by language and the beginning of a word: "de wart"
	kinds []byte            // by concept: the kind, or 0; see conceptKinds
}

// clockKind is the kind of times of day: "17:30", "5 pm" or "at nine".
const clockKind = 'a'

// conceptKinds returns the kinds of concepts: the names that a line of concepts.txt may start with, and the letters by
// which the model's features refer to them.
func conceptKinds() map[string]byte {
	return map[string]byte{
		"clock": clockKind,
		"hours": 'b', "days": 'c', "near": 'd', "far": 'e', "event": 'f', "closing": 'g', "frail": 'h', "harm": 'i', "stuck": 'j', "spoil": 'k',
		"theft": 'l', "crowd": 'm', "act": 'n', "mild": 'o', "past": 'p', "glad": 'q',
	}
}

// conceptLanguages returns the languages of the columns of concepts.txt.
func conceptLanguages() []string { return []string{"en", "de", "fr", "es", "pt", "it", "nl", "pl"} }

// parseConcepts parses examples/concepts.txt. Each line is a concept, whose number is the number of the line. A line has a
// column for each language, optionally after a kind, and a * stands for any ending:
//
//	hours: hour* | stunde* | heure* | hora* | hora* | ora ore | uur uren | godzin*
func parseConcepts(content string) (*concepts, error) {
	c := &concepts{exact: map[string]uint16{}, stems: map[string]uint16{}, kinds: make([]byte, strings.Count(content, "\n")+2)}
	for i, line := range strings.Split(content, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "//") {
			continue
		}

		concept := uint16(i + 1)
		if kind, rest, hasKind := strings.Cut(line, ": "); hasKind {
			c.kinds[concept] = conceptKinds()[kind]
			if c.kinds[concept] == 0 {
				return nil, fmt.Errorf("concepts, line %d: no kind %q", concept, kind)
			}
			line = rest
		}

		columns := strings.Split(line, "|")
		if len(columns) != len(conceptLanguages()) {
			return nil, fmt.Errorf("concepts, line %d: %d columns", concept, len(columns))
		}
		for k, column := range columns {
			c.addWords(conceptLanguages()[k], column, concept)
		}
	}

	if len(c.exact) == 0 {
		return nil, errors.New("concepts: there are none")
	}

	return c, nil
}

// addWords adds the words of one language. A word that already has a concept keeps it.
func (c *concepts) addWords(language, column string, concept uint16) {
	for word := range strings.FieldsSeq(column) {
		target := c.exact
		stem, isStem := strings.CutSuffix(word, "*")
		if isStem {
			target = c.stems
		}

		key := language + " " + wordform.Fold(strings.ReplaceAll(stem, "-", ""))
		if _, isKnown := target[key]; !isKnown {
			target[key] = concept
		}
	}
}

// find returns the concept of a word, or else of its longest known stem, or 0 if it has none. It is called for every word
// of every message, so it builds the keys without allocating.
func (c *concepts) find(language, form string) uint16 {
	var key [2 + 1 + wordform.Longest]byte
	n := copy(key[:], language)
	key[n] = ' '
	n += 1 + copy(key[n+1:], form)
	if id := c.exact[string(key[:n])]; id != 0 {
		return id
	}

	const minKey = len("en ") + 2 // the language and a stem of two bytes
	for ; n >= minKey; n-- {
		if id := c.stems[string(key[:n])]; id != 0 {
			return id
		}
	}

	return 0
}
