package offline

import (
	"os"
	"slices"
	"testing"

	"parley/bridge/analysis"
	"parley/bridge/analysis/analysistest"
	"parley/channels/golden"
)

// These say whether a model learns from messages together with the lexicons' features. Some rules were tuned
// on examples/messages.jsonl, so from these it learns only words.
const (
	withRules = true
	wordsOnly = false
)

// learnModel learns the weights anew, from the examples and from the messages for learning, and
// writes them into a file.
func learnModel(t *testing.T, a *Analyzer, file, sum string) {
	t.Helper()
	var lessons []lesson
	for _, m := range readExamples(t) {
		lessons = append(lessons, a.newLesson(m, withRules))
	}
	for _, m := range readMessages(t) {
		lessons = append(lessons, a.newLesson(m, wordsOnly))
	}

	own := *a.knowledge // a copy: all Analyzers share it
	own.model = learn(lessons, learningOrders).pack()
	a.knowledge = &own
	if err := os.WriteFile(file, a.model.bytes(sum), 0o644); err != nil { //nolint:gosec // read by everybody
		t.Fatal(err)
	}
}

// The weights were learned from the present examples, and give most of the examples their sentiments. With -update,
// the model learns them first.
func TestModelIsLearned(t *testing.T) {
	const minPercent = 97
	a, sum := New(), sumOfLessons(t)
	if golden.Updating() {
		learnModel(t, a, "examples/weights.bin", sum)
	} else if weights[:len(sum)] != sum {
		t.Fatal("examples or concepts have changed since the model learned: run this test with -update")
	}

	all := readExamples(t)
	right := countExamples(all, func(m analysistest.Message) bool {
		v := a.model.judge(a.featuresOf(m.Question(analysis.Desk{})))
		return v[slices.Index(analysis.Sentiments(), m.Sentiment)] == slices.Max(v[:urgentLabel])
	})
	if want := len(all) * minPercent / 100; right < want {
		t.Errorf("the model knows the sentiment of %d of %d examples, want of at least %d: "+
			"features have changed, run this test with -update", right, len(all), want)
	}
}
