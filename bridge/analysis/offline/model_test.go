package offline

import (
	"os"
	"slices"
	"testing"

	"parley/bridge/analysis"
	"parley/bridge/analysis/evaluation"
	"parley/channels/golden"
)

// ours reads a set that comes with Parley.
func ours(t testing.TB, set evaluation.Set) []evaluation.Message {
	t.Helper()
	messages, err := evaluation.ReadSet(set)
	if err != nil {
		t.Fatal(err)
	}
	return messages
}

// These say whether a model learns from messages together with the lexicons' features. Rules were tuned on the half
// dev of our set, so from this half it learns only words.
const (
	withRules = true
	wordsOnly = false
)

// learnModel learns the weights anew, from the examples and from the parts of our set that are for learning, and
// writes them into a file.
func learnModel(t *testing.T, a *Analyzer, file, sum string) {
	t.Helper()
	var lessons []lesson
	for _, m := range readExamples(t) {
		lessons = append(lessons, a.newLesson(m, withRules))
	}
	for _, m := range ours(t, evaluation.Dev) {
		lessons = append(lessons, a.newLesson(m, wordsOnly))
	}
	for _, set := range []evaluation.Set{evaluation.Dev2, evaluation.Dev3} {
		for _, m := range ours(t, set) {
			lessons = append(lessons, a.newLesson(m, withRules))
		}
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
	right := countExamples(all, func(m evaluation.Message) bool {
		v := a.model.judge(a.featuresOf(m.Question(analysis.Desk{})))
		return v.sentiment(m.Urgent) == m.Sentiment
	})
	if want := len(all) * minPercent / 100; right < want {
		t.Errorf("the model knows the sentiment of %d of %d examples, want of at least %d: "+
			"features have changed, run this test with -update", right, len(all), want)
	}
}

// judgeQuarter learns from the examples and three quarters of messages, and judges the other quarter, without the
// lexicons' features.
func judgeQuarter(t *testing.T, a *Analyzer, examples []lesson, messages []evaluation.Message, quarter int) []evaluation.Result {
	t.Helper()
	lessons := slices.Clone(examples)
	var asked []evaluation.Message
	for i, m := range messages {
		isAsked := i*7/3%4 == quarter // spreads neighbours over the quarters
		if isAsked {
			asked = append(asked, m)
		} else {
			lessons = append(lessons, a.newLesson(m, wordsOnly))
		}
	}

	m := learn(lessons, 1).pack()
	var results []evaluation.Result
	for _, message := range asked {
		q := message.Question(analysis.Desk{})
		v := m.judge(withoutRules(a.featuresOf(q)))
		isUrgent := v[urgentLabel] >= minUrgentScore
		results = append(results, evaluation.Result{Message: message, Answer: analysis.Answer{
			Intents:   a.findIntents(readText(q.Burst), &q.Desk, &v),
			Urgency:   analysis.Urgency{Urgent: isUrgent},
			Sentiment: v.sentiment(isUrgent),
		}})
	}
	return results
}

// The model understands messages from which it didn't learn. Each quarter of the half dev is judged after learning
// from the other three and from the examples. The lexicons are left out, because their rules were tuned on that half.
// Without PARLEY_TEST_LONG only the first quarter is judged, because each takes seconds under the race detector.
func TestModelUnderstandsWhatIsNew(t *testing.T) {
	if testing.Short() {
		t.Skip("learns for seconds")
	}
	quarters, minIntents := 1, evaluation.Ratio(0.6) // the first quarter is the hardest
	if os.Getenv("PARLEY_TEST_LONG") != "" {
		quarters, minIntents = 4, 0.63
	}

	a := New()
	var examples []lesson
	for _, m := range readExamples(t) {
		examples = append(examples, a.newLesson(m, withRules))
	}
	var results []evaluation.Result
	for quarter := range quarters {
		results = append(results, judgeQuarter(t, a, examples, ours(t, evaluation.Dev), quarter)...)
	}

	got := evaluation.Score(evaluation.Outcome{Results: results}, evaluation.Price{}).Figures()
	t.Logf("sentiment %.3f, urgency %.3f, intents %.3f", got.Sentiment, got.Urgency, got.Intents)
	checkFigure(t, "sentiment", got.Sentiment, 0.74)
	checkFigure(t, "urgency", got.Urgency, 0.68)
	checkFigure(t, "intents", got.Intents, minIntents)
}

// Several features share a row of the model's table. A feature whose row belongs to another one has no effect.
func TestFeatureWithoutARow(t *testing.T) {
	const learnedFeature, sameRow, otherRow = 7<<16 | 3, 8<<16 | 3, 7<<16 | 4
	l := &learned{places: map[uint32]int{learnedFeature: 0}, weights: make([]float64, labels)}
	l.weights[urgentLabel] = 1
	m := l.pack()
	if v := m.judge([]feature{{name: learnedFeature, value: 256}}); v[urgentLabel] < 0.99 {
		t.Errorf("the learned feature says %v, want at least 0.99 for urgent", v)
	}
	if v := m.judge([]feature{{name: sameRow, value: 256}, {name: otherRow, value: 256}}); v != (verdict{}) {
		t.Errorf("features that weren't learned say %v, want nothing", v)
	}
}
