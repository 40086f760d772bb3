package offline

import (
	"crypto/sha256"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"parley/bridge/analysis"
	"parley/bridge/analysis/evaluation"
)

// readExamples reads what the model learns from. Its form is described in examples/README.md.
func readExamples(t testing.TB) []evaluation.Message {
	t.Helper()
	var all []evaluation.Message
	for _, language := range languagesOfConcepts() {
		content, err := os.ReadFile("examples/" + language + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		part, err := parseExamples(language, string(content))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, part...)
	}
	return all
}

func parseExamples(language, content string) ([]evaluation.Message, error) {
	var all []evaluation.Message
	var heading *evaluation.Message
	for i, line := range strings.Split(content, "\n") {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || strings.HasPrefix(line, "//"):
		case strings.HasPrefix(line, "=="):
			h, err := parseExampleHeading(strings.Fields(line[2:]))
			if err != nil {
				return nil, fmt.Errorf("%s, line %d: %w", language, i+1, err)
			}
			heading = &h
		case heading == nil:
			return nil, fmt.Errorf("%s, line %d: no heading above", language, i+1)
		default:
			m := *heading
			m.Language, m.Texts = language, []string{line}
			all = append(all, m)
		}
	}
	return all, nil
}

// parseExampleHeading reads "negative urgent problem complaint".
func parseExampleHeading(words []string) (m evaluation.Message, err error) {
	if len(words) == 0 || !slices.Contains(analysis.Sentiments(), analysis.Sentiment(words[0])) {
		return m, fmt.Errorf("no sentiment: %q", words)
	}
	m.Sentiment = analysis.Sentiment(words[0])
	m.Urgent = m.Sentiment == analysis.Pressing
	words = words[1:]
	if len(words) > 0 && words[0] == string(analysis.Pressing) {
		m.Urgent, words = true, words[1:]
	}
	for _, w := range words {
		if !slices.Contains(analysis.IntentNames(), w) {
			return m, fmt.Errorf("no intent: %q", w)
		}
	}
	m.Intents = words
	return m, nil
}

// sumOfLessons names what the model learned from: examples, concepts, and the parts of our set that are for it.
func sumOfLessons(t testing.TB) string {
	t.Helper()
	h := sha256.New()
	for _, name := range append(languagesOfConcepts(), "concepts") {
		content, err := os.ReadFile("examples/" + name + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		h.Write(content)
	}
	for _, half := range []evaluation.Half{evaluation.Dev, evaluation.Dev2, evaluation.Dev3} {
		content, err := os.ReadFile("../evaluation/set/" + string(half) + ".jsonl")
		if err != nil {
			t.Fatal(err)
		}
		h.Write(content)
	}
	return string(h.Sum(nil))
}

// TestExamplesAreMany: there are enough in each language, of each sentiment and intent, and none of our set's.
func TestExamplesAreMany(t *testing.T) {
	all := readExamples(t)
	count := map[string]int{}
	for _, e := range all {
		count[e.Language]++
		count[e.Language+" "+string(e.Sentiment)]++
		if e.Urgent {
			count[e.Language+" pressing"]++
		}
		for _, i := range e.Intents {
			count[i]++
		}
	}
	for _, language := range languagesOfConcepts() {
		if count[language] < 330 || count[language+" pressing"] < 40 {
			t.Errorf("%s: %d examples, %d of them urgent", language, count[language], count[language+" pressing"])
		}
		for _, mood := range analysis.Sentiments() {
			if n := count[language+" "+string(mood)]; n < 25 {
				t.Errorf("%s: %d are %s, want at least 25", language, n, mood)
			}
		}
	}
	for _, name := range analysis.IntentNames() {
		if count[name] < 60 {
			t.Errorf("%d of %s, want at least 60", count[name], name)
		}
	}
	set, err := evaluation.Ours(evaluation.All)
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]bool{}
	for _, m := range set {
		texts[strings.Join(m.Texts, " ")] = true
	}
	shared := 0
	for _, e := range all {
		if words := strings.Fields(e.Texts[0]); len(words) > 4 && texts[e.Texts[0]] {
			shared++
		}
	}
	if shared > 0 {
		t.Errorf("%d examples are messages of our set, want none", shared) // which ones is not told: half of the set is unseen
	}
}
