package offline

import (
	"testing"

	"parley/bridge/analysis"
)

// An answer keeps to the rules for all answers, whatever a customer writes, and whatever patterns and intents a desk
// has.
func FuzzAnalyze(f *testing.F) {
	for _, text := range readDull(f) {
		f.Add("", text, `\b[A-Z]-\d+`, "order")
	}
	f.Add("Re: >", "\xff„quoted“\r\n> urgent!!! today\u2028wedding 😡", "(", "x_y")
	a := New()
	f.Fuzz(func(t *testing.T, subject, text, pattern, intent string) {
		q := typicalQuestion()
		q.Burst = []analysis.Message{{Subject: subject, Text: text}}
		q.Desk.References = []analysis.Pattern{{Kind: "order", Regexp: pattern, Link: "https://example.org/{number}"}, {Kind: "invoice"}}
		q.Desk.Intents = append(analysis.DefaultIntents(), analysis.Intent{Name: intent, Words: []string{intent, text}})
		answer, err := a.Analyze(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		checkAnswer(t, q, answer)
	})
}
