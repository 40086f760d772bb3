package offline

import (
	"testing"

	"parley/bridge/analysis"
	"parley/bridge/analysis/evaluation"
)

// The sentences with numbers in this file were put aside before anybody saw how the analysis copes with them. The
// test shows only the share of references that are found, and no sentence, so that the analysis isn't tuned on them.
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
