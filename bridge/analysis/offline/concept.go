package offline

import (
	_ "embed" // the words
	"fmt"
	"slices"
	"strings"

	"parley/bridge/analysis/offline/wordform"
)

// A concept stands for words that mean much the same, in eight languages: "wait", "warten", "attendre". As
// features, concepts let the model use in one language what it has learned from examples in another.

//go:embed examples/concepts.txt
var conceptLines string

// concepts says which words mean much the same, in eight languages.
type concepts struct {
	exact map[string]uint16 // by language and form: "de wart"
	stems map[string]uint16
	kinds []byte // of each meaning, what sort of thing it is: 0 of none
}

// clockKind is the kind of an hour of the day, "17:30", "5 pm" or "at nine".
const clockKind = 'a'

// kindsOfMeanings returns the words that begin a line whose meanings are of one kind, and a letter for each.
func kindsOfMeanings() map[string]byte {
	return map[string]byte{
		"clock": clockKind,
		"hours": 'b', "days": 'c', "near": 'd', "far": 'e', "event": 'f', "closing": 'g', "frail": 'h', "harm": 'i', "stuck": 'j', "spoil": 'k',
		"theft": 'l', "crowd": 'm', "act": 'n', "mild": 'o', "past": 'p', "glad": 'q',
	}
}

// languagesOfConcepts is in which order a line has the languages.
func languagesOfConcepts() []string { return []string{"en", "de", "fr", "es", "pt", "it", "nl", "pl"} }

// parseConcepts reads examples/concepts.txt.
func parseConcepts(content string) (*concepts, error) {
	c := &concepts{exact: map[string]uint16{}, stems: map[string]uint16{}, kinds: make([]byte, strings.Count(content, "\n")+2)}
	for i, line := range strings.Split(content, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "//") {
			continue
		}

		if kind, rest, named := strings.Cut(line, ": "); named {
			c.kinds[i+1] = kindsOfMeanings()[kind]
			if c.kinds[i+1] == 0 {
				return nil, fmt.Errorf("concepts, line %d: no kind %q", i+1, kind)
			}
			line = rest
		}

		columns := strings.Split(line, "|")
		if len(columns) != len(languagesOfConcepts()) {
			return nil, fmt.Errorf("concepts, line %d: %d columns", i+1, len(columns))
		}

		for k, column := range columns {
			for w := range strings.FieldsSeq(column) {
				into := c.exact
				stem, isStem := strings.CutSuffix(w, "*")
				if isStem {
					into = c.stems
				}

				key := languagesOfConcepts()[k] + " " + wordform.Fold(strings.ReplaceAll(stem, "-", ""))
				if _, known := into[key]; !known {
					into[key] = uint16(i + 1)
				}
			}
		}
	}

	if !slices.Contains(languagesOfConcepts(), "en") || len(c.exact) == 0 {
		return nil, fmt.Errorf("concepts: there are none")
	}

	return c, nil
}

// find returns the concept of a word, by the word or by its longest known beginning; 0 if there is none.
func (c *concepts) find(language, form string) uint16 {
	var key [2 + 1 + wordform.Longest]byte
	n := copy(key[:], language)
	key[n] = ' '
	n += 1 + copy(key[n+1:], form)
	if id := c.exact[string(key[:n])]; id != 0 {
		return id
	}

	const shortest = len("en ") + 2 // the language and two letters
	for ; n >= shortest; n-- {
		if id := c.stems[string(key[:n])]; id != 0 {
			return id
		}
	}

	return 0
}
