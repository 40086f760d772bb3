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

// Analyzer is an analysis.Analyzer that answers by rules, without a network. It looks for phrases of its lexicons, such as
// "where is my order", and weighs them with a small trained model. It is safe for concurrent use.
type Analyzer struct {
	*knowledge

	patterns *pattern.Finder

	mu       sync.Mutex
	readings map[string]*reading // a cache of the desks' analysed texts, by text; see read
}

// knowledge is the read-only data that all Analyzers share.
type knowledge struct {
	lexicons       []*lexicon.Lexicon // one for each of our eight languages, English first
	common         *lexicon.Lexicon   // phrases of all languages
	otherLanguages *lexicon.Lexicon   // phrases of languages other than our eight
	languages      *tongue.Detector
	concepts       *concepts
	model          *model
}

// loadKnowledge reads the knowledge on first use, which takes long.
var loadKnowledge = sync.OnceValues(readKnowledge) //nolint:gochecknoglobals // constant

// New returns an Analyzer. It panics if a lexicon is malformed, which a test rules out: they are embedded in the program.
func New() *Analyzer {
	k, err := loadKnowledge()
	if err != nil {
		panic("offline: " + err.Error())
	}
	return &Analyzer{knowledge: k, patterns: pattern.New(), readings: map[string]*reading{}}
}

// Write summarises a conversation. All other tasks, such as translating, need a language model.
// Errors: analysis.ErrNeedsModel, the context's.
func (a *Analyzer) Write(ctx context.Context, r analysis.Request) (analysis.Text, error) {
	return summary.Write(ctx, a, r)
}

func readKnowledge() (*knowledge, error) {
	lexicons, err := lexicon.Read()
	if err != nil {
		return nil, err
	}

	k := &knowledge{
		lexicons:       lexicons.Ours,
		common:         lexicons.Common,
		otherLanguages: lexicons.OtherLanguages,
		languages:      tongue.New(lexicons.Ours, lexicons.Others),
	}
	if k.concepts, err = parseConcepts(conceptLines); err != nil {
		return nil, err
	}
	if k.model, err = readModel(); err != nil {
		return nil, err
	}

	return k, nil
}

// findMatches finds the phrases of all lexicons that apply to a text: the common one, those of a.lexicons with the indices
// in use, and that of other languages if the language is unknown (""). It returns them in the order of compareMatches.
func (a *Analyzer) findMatches(t *text, language string, use []int) []match {
	for _, i := range use {
		if a.lexicons[i].Language == "de" {
			addGermanReadings(t)
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

// addGermanReadings sets the second reading of words with a transcribed umlaut, such as "fuer" for "für".
func addGermanReadings(t *text) {
	for i := range t.tokens {
		t.tokens[i].alt = wordform.WithoutUmlauts(t.tokens[i].form)
	}
}
