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
		t.Errorf("only %d sentences, want at least 150", sentences)
	}
}

// TestNumbersThatWereAskedFor reads what customers answer to an agent who asked for a number.
func TestNumbersThatWereAskedFor(t *testing.T) {
	t.Parallel()
	a := New()
	for _, c := range []struct{ asked, text, kind, value string }{
		{"What's your order number?", "its 0098163, under my wifes name", "order", "0098163"},
		{"Welche Nummer steht denn auf unserem Angebot?", "0442/26-C steht oben rechts", "quote", "0442/26-C"},
		{"Pouvez-vous me donner le numéro de la commande ?", "oui alors le 556 012", "order", "556 012"},
		{"Mi serve il numero dell'ordine.", "credo sia #A-90 221", "order", "A-90 221"},
		{"Poproszę numer paczki.", "6200 1784 7730 0091 wg smsa", "shipment", "6200 1784 7730 0091"},
		{"What's your order number?", "I only have my phone here, 07700900123", "", ""},
		{"What's your order number?", "We were 1200 people, in 2026.", "", ""},
		{"Your order 4711 left us on Monday.", "There were 1250 of us at the fair.", "", ""},
	} {
		q := analysis.Question{Burst: []analysis.Message{{Text: c.text}}, Before: []analysis.Message{{Text: c.asked}}}
		answer, err := a.Analyze(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		var got analysis.Reference
		if len(answer.References) > 0 {
			got = answer.References[0]
		}
		if got.Kind != c.kind || got.Value != c.value {
			t.Errorf("%q: %v, want %s %s", c.text, answer.References, c.kind, c.value)
		}
	}
}
