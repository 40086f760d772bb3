package offline

import (
	"context"
	"slices"
	"sync"

	"parley/bridge/analysis"
	"parley/bridge/analysis/offline/lexicon"
	"parley/bridge/analysis/offline/pattern"
	"parley/bridge/analysis/offline/summary"
	"parley/bridge/analysis/offline/tongue"
	"parley/bridge/analysis/offline/wordform"
)

var _ analysis.Writer = (*Analyzer)(nil)

// Analyzer is an analysis.Analyzer that answers by rules. It is safe for use by several goroutines.
type Analyzer struct {
	*knowledge

	patterns *pattern.Finder

	mu       sync.Mutex
	readings map[string]*reading // desks' texts, kept from one question to the next
}

// knowledge is what every Analyzer knows of languages. It is never changed.
type knowledge struct {
	lexicons       []*lexicon.Lexicon // of our languages, English first
	common         *lexicon.Lexicon   // what is written in all of them
	otherLanguages *lexicon.Lexicon   // of all other languages
	languages      *tongue.Detector
	concepts       *concepts
	model          *model
}

// known is read once in a process, since reading it takes long.
var known = sync.OnceValues(readKnowledge) //nolint:gochecknoglobals // constant

// New returns an Analyzer. It panics if a lexicon is malformed: they are part of the program, and a test reads them.
func New() *Analyzer {
	k, err := known()
	if err != nil {
		panic("offline: " + err.Error())
	}
	return &Analyzer{knowledge: k, patterns: pattern.New(), readings: map[string]*reading{}}
}

// Write sums a conversation up. All else that is asked for needs a model.
// Errors: analysis.ErrNeedsModel, the context's.
func (a *Analyzer) Write(ctx context.Context, r analysis.Request) (analysis.Text, error) {
	return summary.Write(ctx, a, r)
}

// readKnowledge reads the lexicons, the concepts and the model.
func readKnowledge() (*knowledge, error) {
	known, err := lexicon.Read()
	if err != nil {
		return nil, err
	}

	k := &knowledge{
		lexicons: known.Ours, common: known.Common, otherLanguages: known.OtherLanguages,
		languages: tongue.New(known.Ours, known.Others),
	}
	if k.concepts, err = parseConcepts(conceptLines); err != nil {
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
		if a.lexicons[i].Language == "de" {
			for k := range t.tokens {
				t.tokens[k].alt = wordform.WithoutUmlauts(t.tokens[k].form)
			}
		}
	}

	found := findPhrases(a.common, t, nil)
	if language == "" {
		found = findPhrases(a.otherLanguages, t, found)
	}

	for _, i := range use {
		found = findPhrases(a.lexicons[i], t, found)
	}

	slices.SortStableFunc(found, compareMatches)
	return slices.CompactFunc(found, func(x, y match) bool { return compareMatches(x, y) == 0 })
}
