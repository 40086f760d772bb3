package offline

import (
	"testing"

	"parley/bridge/analysis"
	"parley/bridge/analysis/evaluation"
)

// These sentences with numbers were put aside before anybody saw what the analysis makes of them. Nobody tunes on them: the test
// shows the share of what is found, and no sentence.
func TestAside(t *testing.T) {
	var messages []evaluation.Message
	for _, s := range readMarkedSentences(t, "testdata/aside/references.txt") {
		messages = append(messages, evaluation.Message{
			Texts:      []string{s.text},
			Sentiment:  analysis.Neutral,
			References: s.references,
		})
	}
	got := score(t, messages).Figures().References
	t.Logf("%.3f of %d sentences", got, len(messages))
	checkFigure(t, "references", got, 0.9)
}
