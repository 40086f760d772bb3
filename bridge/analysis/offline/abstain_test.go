package offline

import (
	"os"
	"strings"
	"testing"

	"parley/bridge/analysis"
	"parley/bridge/analysis/analysistest"
)

// dullDesk is a desk whose tags go with intents.
func dullDesk() (desk analysis.Desk) {
	for _, intent := range analysis.DefaultIntents() {
		for _, name := range intent.Tags {
			desk.Tags = append(desk.Tags, analysis.Tag{Name: name})
		}
	}
	return desk
}

// readDull reads texts that say nothing which an analysis should remark on.
func readDull(t testing.TB) []string {
	t.Helper()
	content, err := os.ReadFile("testdata/dull.txt")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(content)), "\n")
}

// At most one dull everyday text of twenty has an intent, a tag, a mood or an urgency.
// Requirement R-178: Each message is looked at.
func TestDullTextsGetNoFindings(t *testing.T) {
	const share = 20
	a := New()
	found := 0
	texts := readDull(t)
	for _, text := range texts {
		got := ask(t, a, text, dullDesk())
		if len(got.Intents)+len(got.Tags) > 0 || got.Sentiment != analysis.Neutral || got.Urgency.Urgent {
			found++
			t.Logf("%s: %v, %v, %s, urgent %v", text, got.Intents, got.Tags, got.Sentiment, got.Urgency.Urgent)
		}
	}
	t.Logf("%d of %d texts have a finding", found, len(texts))
	if found > len(texts)/share {
		t.Errorf("%d of %d dull texts have a finding, want at most %d", found, len(texts), len(texts)/share)
	}
}

// The answers to messages that nothing was tuned on are as good as docs/ai.md says.
func TestSet(t *testing.T) {
	got := analysistest.Measure(t, New(), analysistest.Set(t))
	t.Logf("%+v", got)
	for field, c := range map[string]struct{ got, least float64 }{
		"language": {got.Language, 0.97}, "sentiment": {got.Sentiment, 0.78}, "urgency": {got.Urgency, 0.8}, "intents": {got.Intents, 0.5},
	} {
		if c.got < c.least {
			t.Errorf("%s: got %.3f, want at least %.2f", field, c.got, c.least)
		}
	}
}
