package offline

import (
	"crypto/sha256"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"parley/bridge/analysis"
	"parley/bridge/analysis/analysistest"
)

// readExamples reads the examples from which the model learns. Their form is described in examples/README.md.
func readExamples(t testing.TB) []analysistest.Message {
	t.Helper()
	var all []analysistest.Message
	for _, language := range conceptLanguages() {
		content, err := os.ReadFile("examples/" + language + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		part, err := parseExamples(language, string(content))
		if err != nil {
			t.Fatalf("%s: %v", language, err)
		}
		all = append(all, part...)
	}
	return all
}

// parseExamples reads the examples of one language: headings, and the messages below them, one per line. Errors name
// the line.
func parseExamples(language, content string) ([]analysistest.Message, error) {
	var all []analysistest.Message
	var heading *analysistest.Message
	for i, line := range strings.Split(content, "\n") {
		line = strings.TrimSpace(line)
		isEmpty := line == "" || strings.HasPrefix(line, "//")
		if isEmpty {
			continue
		}
		if labels, isHeading := strings.CutPrefix(line, "=="); isHeading {
			h, err := parseExampleHeading(strings.Fields(labels))
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", i+1, err)
			}
			heading = &h
			continue
		}

		if heading == nil {
			return nil, fmt.Errorf("line %d: no heading above", i+1)
		}
		m := *heading
		m.Language, m.Texts = language, []string{line}
		all = append(all, m)
	}
	return all, nil
}

// parseExampleHeading reads the labels of a heading, such as "negative urgent problem complaint".
func parseExampleHeading(words []string) (m analysistest.Message, err error) {
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

// sumOfLessons is the digest of everything from which the model learns: examples, concepts, and the parts of our set
// that are for learning.
func sumOfLessons(t testing.TB) string {
	t.Helper()
	var files []string
	for _, name := range append(conceptLanguages(), "concepts") {
		files = append(files, "examples/"+name+".txt")
	}
	files = append(files, "examples/messages.jsonl")

	h := sha256.New()
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		h.Write(content)
	}
	return string(h.Sum(nil))
}

// countExamples counts the examples for which a function is true.
func countExamples(all []analysistest.Message, isCounted func(analysistest.Message) bool) int {
	n := 0
	for _, m := range all {
		if isCounted(m) {
			n++
		}
	}
	return n
}

// No example is a message of the set by which the analysis is measured. Short ones, which everybody writes, don't count. The test
// doesn't show which examples they are, because developers don't read the set.
func TestExamplesAreNotOfTheSet(t *testing.T) {
	const shortWords = 4
	isInSet := map[string]bool{}
	for _, m := range analysistest.Set(t) {
		isInSet[strings.Join(m.Texts, " ")] = true
	}
	n := countExamples(append(readExamples(t), readMessages(t)...), func(m analysistest.Message) bool {
		text := strings.Join(m.Texts, " ")
		return len(strings.Fields(text)) > shortWords && isInSet[text]
	})
	if n > 0 {
		t.Errorf("got %d examples that are messages of the set, want none", n)
	}
}

// readMessages reads the labelled messages from which the model learns, too.
func readMessages(t testing.TB) []analysistest.Message {
	t.Helper()
	content, err := os.ReadFile("examples/messages.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	return analysistest.Read(t, content)
}
