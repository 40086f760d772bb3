package offline

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"

	"parley/bridge/analysis/offline/wordform"
)

// Analyzer is an analysis.Analyzer that answers by rules. It is safe for use by several goroutines.
type Analyzer struct {
	*knowledge

	mu       sync.Mutex
	patterns map[string]compiled // desks' patterns by their source, kept from one question to the next
	readings map[string]*reading // desks' texts, likewise
}

// knowledge is what every Analyzer knows of languages. It is never changed.
type knowledge struct {
	lexicons  []*lexicon // of our languages, English first
	common    *lexicon   // what is written in all of them
	foreign   *lexicon   // of all other languages
	languages *languages
	concepts  *concepts
	model     *model
}

// known is read once in a process, since reading it takes long.
var known = sync.OnceValues(readKnowledge) //nolint:gochecknoglobals // constant

// New gives an Analyzer. It panics if a lexicon is malformed: they are part of the program, and a test reads them.
func New() *Analyzer {
	k, err := known()
	if err != nil {
		panic("offline: " + err.Error())
	}
	return &Analyzer{knowledge: k, patterns: map[string]compiled{}, readings: map[string]*reading{}}
}

// readKnowledge reads the lexicons, the concepts and the model. Of the lexicons' files most are one of our languages each,
// "common" and "foreign" are lexicons of their own, and "other" isn't a lexicon: it has a few words of other languages, so
// that these aren't taken for ours.
func readKnowledge() (*knowledge, error) {
	k := &knowledge{}
	entries, err := lexicons.ReadDir("lexicon")
	if err != nil {
		return nil, fmt.Errorf("lexicons: %w", err)
	}
	others := ""
	for _, e := range entries {
		content, err := lexicons.ReadFile("lexicon/" + e.Name())
		if err != nil {
			return nil, fmt.Errorf("lexicons: %w", err)
		}
		language := strings.TrimSuffix(e.Name(), path.Ext(e.Name()))
		if language == "other" {
			others = string(content)
			continue
		}
		l, err := parseLexicon(language, string(content))
		if err != nil {
			return nil, err
		}
		switch language {
		case "common":
			k.common = l
		case "foreign":
			k.foreign = l
		default:
			k.lexicons = append(k.lexicons, l)
		}
	}
	if k.common == nil || k.foreign == nil {
		return nil, fmt.Errorf("lexicons: some are missing")
	}
	at := slices.IndexFunc(k.lexicons, func(l *lexicon) bool { return l.language == "en" })
	if at < 0 {
		return nil, fmt.Errorf("lexicons: the English one is missing")
	}
	k.lexicons[english], k.lexicons[at] = k.lexicons[at], k.lexicons[english]
	k.languages = newLanguages(k.lexicons, others)
	if k.concepts, err = readConcepts(); err != nil {
		return nil, err
	}
	if k.model, err = readModel(); err != nil {
		return nil, err
	}
	return k, nil
}

// findMatches finds the phrases of the lexicons which a text's language asks for. If German is among them, it gives the
// text's words their second readings before: without umlauts that were written with an e.
func (a *Analyzer) findMatches(t *text, language string, use []int) []match {
	for _, i := range use {
		if a.lexicons[i].language == "de" {
			for k := range t.tokens {
				t.tokens[k].alt = wordform.WithoutUmlauts(t.tokens[k].form)
			}
		}
	}
	found := a.common.find(t, nil)
	if language == "" {
		found = a.foreign.find(t, found)
	}
	for _, i := range use {
		found = a.lexicons[i].find(t, found)
	}
	slices.SortStableFunc(found, compareMatches)
	return slices.CompactFunc(found, func(x, y match) bool { return compareMatches(x, y) == 0 })
}
