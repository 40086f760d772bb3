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

// Whether a model learns of messages what the lexicons say of them. Rules were tuned on the half dev: of that, it learns words alone.
const (
	withRules = true
	wordsOnly = false
)

// learnModel learns the weights anew, from the examples and the parts of our set that are for it, and writes them into a file.
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

// The weights are those of what the model learns from, and give the examples the sentiments that these have. With -update, the model
// learns them first.
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

// judgeQuarter learns from the examples and three quarters of messages, and asks about the other quarter, without the lexicons.
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
			Intents:   a.findIntents(readText(q.Burst), &q.Desk, nil, &v),
			Urgency:   analysis.Urgency{Urgent: isUrgent},
			Sentiment: v.sentiment(isUrgent),
		}})
	}
	return results
}

// The model understands messages from which it didn't learn: each quarter of the half dev is asked about after learning from the other
// three and the examples, without the lexicons, which know that half too well. Without PARLEY_TEST_LONG only the first quarter is: each
// takes seconds under the race detector.
func TestModelUnderstandsWhatIsNew(t *testing.T) {
	if testing.Short() {
		t.Skip("learns for seconds")
	}
	quarters, minIntents := 1, evaluation.Ratio(0.6) // the first quarter's words are the strangest
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

// In the model's table, several features want the same row. One whose row another one has says nothing.
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
