package offline

import (
	"os"
	"strings"
	"testing"
	"time"

	"parley/bridge/analysis"
	"parley/bridge/analysis/evaluation"
)

// readAside reads sentences with numbers that were put aside before anybody saw what the analysis makes of them. Nobody
// tunes on them. They have the form of testdata/references.txt.
func readAside(t testing.TB) (all []evaluation.Message) {
	t.Helper()
	content, err := os.ReadFile("testdata/aside/references.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(strings.TrimSpace(string(content)), "\n") {
		text, want, found := strings.Cut(line, " |")
		if !found || strings.HasPrefix(line, "#") {
			continue
		}
		m := evaluation.Message{Texts: []string{text}, Sentiment: analysis.Neutral}
		for w := range strings.SplitSeq(want, ",") {
			if kind, value, isNamed := strings.Cut(strings.TrimSpace(w), " "); isNamed {
				m.References = append(m.References, evaluation.Reference{Kind: kind, Value: value})
			}
		}
		all = append(all, m)
	}
	return all
}

// TestAside holds what comes out at the numbers that were put aside, and tells none of them.
func TestAside(t *testing.T) {
	all := readAside(t)
	out, err := evaluation.Run(t.Context(), New(), all, evaluation.Options{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	got := evaluation.Score(out, evaluation.Price{}).Figures().References
	t.Logf("%.3f of %d sentences", got, len(all))
	const least = 0.9
	if enough := got >= least; !enough {
		t.Error("references are below what they were")
	}
}
