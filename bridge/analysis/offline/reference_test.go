package offline

import (
	"os"
	"strings"
	"testing"

	"parley/bridge/analysis"
)

// TestReferencesAreFound reads sentences with the numbers that are references in them.
func TestReferencesAreFound(t *testing.T) {
	content, err := os.ReadFile("testdata/references.txt")
	if err != nil {
		t.Fatal(err)
	}
	a := New()
	sentences := 0
	for line := range strings.SplitSeq(strings.TrimSpace(string(content)), "\n") {
		text, want, found := strings.Cut(line, " |")
		if !found || strings.HasPrefix(line, "#") {
			continue
		}
		sentences++
		var got []string
		for _, r := range ask(t, a, text, analysis.Desk{}).References {
			got = append(got, r.Kind+" "+r.Value)
		}
		if all := strings.Join(got, ", "); all != strings.TrimSpace(want) {
			t.Errorf("%q: %s, want %s", text, all, want)
		}
	}
	if sentences < 150 {
		t.Errorf("only %d sentences", sentences)
	}
}
