package offline

import (
	"os"
	"strings"
	"testing"
	"time"

	"parley/bridge/analysis"
	"parley/bridge/analysis/evaluation"
)

// aside reads messages that were put aside before anybody saw what the analysis makes of them, in the form of examples.
// Nobody tunes on them.
func aside(t testing.TB) (all []evaluation.Message) {
	t.Helper()
	for _, language := range languagesOfConcepts() {
		content, err := os.ReadFile("testdata/aside/" + language + ".txt")
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

// asideReferences reads sentences with numbers that were put aside likewise.
func asideReferences(t testing.TB) (all []evaluation.Message) {
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
			if kind, value, named := strings.Cut(strings.TrimSpace(w), " "); named {
				m.References = append(m.References, evaluation.Reference{Kind: kind, Value: value})
			}
		}
		all = append(all, m)
	}
	return all
}

// TestAside holds what comes out at messages and numbers that were put aside, and tells none of them.
func TestAside(t *testing.T) {
	for name, c := range map[string]struct {
		messages []evaluation.Message
		figure   func(evaluation.Figures) evaluation.Ratio
		least    evaluation.Ratio
	}{
		"urgency":    {aside(t), func(f evaluation.Figures) evaluation.Ratio { return f.Urgency }, 0.85},
		"references": {asideReferences(t), func(f evaluation.Figures) evaluation.Ratio { return f.References }, 0.9},
	} {
		out, err := evaluation.Run(t.Context(), New(), c.messages, evaluation.Options{Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		got := c.figure(evaluation.Score(out, evaluation.Price{}).Figures())
		t.Logf("%s: %.3f of %d", name, got, len(c.messages))
		if enough := got >= c.least; !enough {
			t.Errorf("%s is below what it was", name)
		}
	}
}

// TestWhoTheyAreIsNoMood: who tells only who they are, and of which number, is neither glad nor cross.
func TestWhoTheyAreIsNoMood(t *testing.T) {
	a := New()
	for _, text := range []string{
		"Me again, Dana Cole, order 0977.", "It's me again, Kofi Brand, about order 8812.", "Ich noch einmal, Dana Kohl, Bestellung 0977.",
		"Encore moi, Dana Colle, commande 0977.", "Soy yo de nuevo, Dana Col, pedido 0977.", "Sono ancora io, Dana Colle, ordine 0977.",
	} {
		if got := ask(t, a, text, analysis.Desk{}); got.Sentiment != analysis.Neutral || got.Urgency.Urgent {
			t.Errorf("%q: %s, %+v", text, got.Sentiment, got.Urgency)
		}
	}
}
