package offline

import (
	_ "embed" // the words
	"fmt"
	"strings"
)

//go:embed examples/concepts.txt
var conceptLines string

// concepts maps words of eight languages to their concept, a number: a word, or the beginning of one with a star, after its
// language: "de wart*". A concept is a group of words with a similar meaning: "wait", "warten", "attendre". So the model can
// apply to one language what it learned from examples in another.
type concepts map[string]uint16

// conceptLanguages returns the languages of the columns of concepts.txt.
func conceptLanguages() []string { return []string{"en", "de", "fr", "es", "pt", "it", "nl", "pl"} }

// parseConcepts parses examples/concepts.txt. Each line is a concept, whose number is the number of the line, with a column
// for each language:
//
//	hour* | stunde* | heure* | hora* | hora* | ora ore | uur uren | godzin*
func parseConcepts(content string) (concepts, error) {
	c := concepts{}
	for i, line := range strings.Split(content, "\n") {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "//") {
			continue
		}
		columns := strings.Split(line, "|")
		if len(columns) != len(conceptLanguages()) {
			return nil, fmt.Errorf("concepts, line %d: %d columns", i+1, len(columns))
		}
		for k, column := range columns {
			for word := range strings.FieldsSeq(column) {
				key := conceptLanguages()[k] + " " + foldPart(strings.ReplaceAll(word, "-", ""))
				if c[key] == 0 { // a word has one concept
					c[key] = uint16(i + 1)
				}
			}
		}
	}
	return c, nil
}

// find returns the concept of a word, or else of its longest known beginning, or 0 if it has none.
func (c concepts) find(language, form string) uint16 {
	if id := c[language+" "+form]; id != 0 {
		return id
	}
	var key [2 + 1 + Longest + 1]byte // so that nothing is allocated
	n := copy(key[:], language+" ")
	n += copy(key[n:len(key)-1], form)
	for ; n > len("en a"); n-- {
		key[n] = '*'
		if id := c[string(key[:n+1])]; id != 0 {
			return id
		}
	}
	return 0
}

// findAny returns the concept of a word in the first language that has one for it, or 0.
func (c concepts) findAny(lexicons []*lexicon, word *token) uint16 {
	for _, l := range lexicons {
		if id := c.find(l.language, word.form); id != 0 {
			return id
		}
		if id := c.find(l.language, word.alt); id != 0 && word.alt != "" {
			return id
		}
	}
	return 0
}
