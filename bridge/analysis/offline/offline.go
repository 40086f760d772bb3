// Package offline analyses customers' messages without a network, by lexicons and a small trained model. It detects the
// language, the mood, the urgency and the intent, finds reference numbers by the admin's patterns, and suggests tags, replies
// and actions. Where it isn't sure it says nothing. The same question always has the same answer.
//
// Language models are used by bridge/analysis/openai. bridge/engine decides when a message is analysed and what is done
// with the answer. Word lists are in the folder lexicon, not in Go code.
package offline

import (
	"context"
	"strings"
	"sync"

	"parley/bridge/analysis"
)

var _ analysis.Writer = (*Analyzer)(nil)

// Analyzer is an analysis.Analyzer that answers by rules, without a network. It is safe for concurrent use.
type Analyzer struct {
	*knowledge

	patterns finder
	mu       sync.Mutex
	readings map[string]*reading // a cache of the desks' own texts; see read
}

// knowledge is the read-only data that all Analyzers share.
type knowledge struct {
	lexicons  []*lexicon // one for each of conceptLanguages
	common    *lexicon   // phrases of all languages
	foreign   *lexicon   // phrases of languages without a lexicon
	languages *languages
	concepts  concepts
	model     *model
}

//nolint:gochecknoglobals // read once, and never changed
var loadKnowledge = sync.OnceValues(readKnowledge)

// New returns an Analyzer. It panics if a lexicon is malformed, which a test rules out: they are embedded in the program.
func New() *Analyzer {
	k, err := loadKnowledge()
	if err != nil {
		panic("offline: " + err.Error())
	}
	return &Analyzer{knowledge: k, readings: map[string]*reading{}}
}

func readKnowledge() (*knowledge, error) {
	k := &knowledge{}
	var err error
	for _, name := range append(conceptLanguages(), "common", "foreign") {
		l, err := readLexicon(name)
		if err != nil {
			return nil, err
		}
		k.lexicons = append(k.lexicons, l)
	}
	ours := len(conceptLanguages())
	k.common, k.foreign, k.lexicons = k.lexicons[ours], k.lexicons[ours+1], k.lexicons[:ours]
	others, err := lexiconFiles.ReadFile("lexicon/other.txt")
	if err != nil {
		return nil, err
	}
	k.languages = newLanguages(k.lexicons, string(others))
	if k.concepts, err = parseConcepts(conceptLines); err != nil {
		return nil, err
	}
	k.model, err = readModel()
	return k, err
}

// Write summarises a conversation. All other tasks, such as translating, need a language model.
// Errors: analysis.ErrNeedsModel, the context's.
func (a *Analyzer) Write(ctx context.Context, r analysis.Request) (analysis.Text, error) {
	return Write(ctx, a, r)
}

// Analyze implements analysis.Analyzer. It fails only if the context has ended.
func (a *Analyzer) Analyze(ctx context.Context, q analysis.Question) (analysis.Answer, error) {
	if err := ctx.Err(); err != nil {
		return analysis.Answer{}, err
	}
	t := readText(q.Burst)
	language, matches, features := a.readFeatures(t)
	v := a.model.judge(features)

	answer := analysis.Answer{Language: language, By: "offline"}
	answer.Urgency = a.findUrgency(t, matches, features, &v)
	answer.Sentiment = v.sentiment(answer.Urgency.Urgent, t.said(matches, "mood"))
	answer.Intents = a.findIntents(t, &q.Desk, &v, t.said(matches, "intent"))
	answer.References = a.patterns.find(t.all, q.Desk.Patterns())
	answer.Tags = a.findTags(t, &q.Desk, answer.Intents)
	answer.Replies = a.findReplies(t, language, q.Desk.Sources)
	answer.Actions = suggestActions(t, matches, &q, answer.Urgency.Urgent)
	return answer, ctx.Err()
}

// Language returns the language of a text (ISO 639-1), or "" if it isn't clear.
func (a *Analyzer) Language(text string) string {
	language, _ := a.languages.detect(readText([]analysis.Message{{Text: text}}), len(a.lexicons))
	return language
}

// readFeatures returns the language of a text, the phrases in it and its features.
func (a *Analyzer) readFeatures(t *text) (string, []match, []feature) {
	language, near := a.languages.detect(t, len(a.lexicons))
	var lexicons []*lexicon
	for _, i := range near {
		lexicons = append(lexicons, a.lexicons[i])
		if a.lexicons[i].language == "de" { // "fuer" is "für"
			for k := range t.tokens {
				t.tokens[k].alt = WithoutUmlauts(t.tokens[k].form)
			}
		}
	}
	ours := lexicons
	lexicons = append(lexicons, a.common)
	if language == "" {
		lexicons = append(lexicons, a.foreign)
	}
	matches := findPhrases(lexicons, t)
	return language, matches, a.findFeatures(t, ours, matches)
}

// reading is a text of a desk in the form in which it is compared with a customer's text.
type reading struct {
	bag      bag
	forms    []string
	language string
}

// read reads a text of a desk up to a number of bytes, or returns what was kept of it: a desk's texts come again with
// every question.
func (a *Analyzer) read(text string, maxBytes int) *reading {
	const maxReadings = 512
	text = strings.Clone(clipText(text, maxBytes))
	a.mu.Lock()
	defer a.mu.Unlock()
	if r := a.readings[text]; r != nil {
		return r
	}
	t := readText([]analysis.Message{{Text: text}})
	r := &reading{bag: a.newBag(t)}
	r.language, _ = a.languages.detect(t, len(a.lexicons))
	for i := range t.tokens {
		r.forms = append(r.forms, t.tokens[i].form)
	}
	if len(a.readings) >= maxReadings {
		clear(a.readings)
	}
	a.readings[text] = r
	return r
}
