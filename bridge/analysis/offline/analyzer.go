package offline

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
)

// Analyzer is an analysis.Analyzer that answers by rules. It is safe for use by several goroutines.
type Analyzer struct {
	lexicons  []*lexicon // of our languages, English first
	common    *lexicon
	foreign   *lexicon // of all other languages
	languages *languages
	concepts  *concepts
	model     *model

	mu       sync.Mutex
	patterns map[string]compiled // an admin's, as last used
	readings map[string]*reading // desks' texts, likewise
}

// known is what every Analyzer knows of languages. It is read once in a process, which takes longer than most of what a
// process does at its start, and is never changed.
var known = sync.OnceValues(load) //nolint:gochecknoglobals // constant

// New gives an Analyzer. It panics if a lexicon is malformed: they are part of the program, and a test reads them.
func New() *Analyzer {
	k, err := known()
	if err != nil {
		panic("offline: " + err.Error())
	}
	return &Analyzer{lexicons: k.lexicons, common: k.common, foreign: k.foreign, languages: k.languages, concepts: k.concepts, model: k.model,
		patterns: map[string]compiled{}, readings: map[string]*reading{}}
}

// load reads the lexicons.
func load() (*Analyzer, error) {
	a := &Analyzer{}
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
			a.common = l
		case "foreign":
			a.foreign = l
		default:
			a.lexicons = append(a.lexicons, l)
		}
	}
	if a.common == nil || a.foreign == nil || len(a.lexicons) == 0 {
		return nil, fmt.Errorf("lexicons: some are missing")
	}
	english := slices.IndexFunc(a.lexicons, func(l *lexicon) bool { return l.language == "en" })
	a.lexicons[0], a.lexicons[english] = a.lexicons[english], a.lexicons[0]
	a.languages = newLanguages(a.lexicons, others)
	if a.concepts, err = readConcepts(); err != nil {
		return nil, err
	}
	if a.model, err = readModel(); err != nil {
		return nil, err
	}
	return a, nil
}

// matches finds the phrases of the lexicons which a text's language asks for.
func (a *Analyzer) matches(t *text, language string, use []int) []match {
	for _, i := range use {
		if a.lexicons[i].language == "de" {
			for k := range t.tokens {
				t.tokens[k].alt = umlauts(t.tokens[k].form)
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
