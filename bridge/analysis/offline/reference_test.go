package offline

import (
	"fmt"
	"strings"
	"testing"

	"parley/bridge/analysis"
)

// A desk without patterns of its own finds numbers behind a word that announces them, what shops often write, and amounts of
// money. Other numbers, such as years, postcodes and sizes, are none.
// Requirement R-183: Order and invoice numbers.
func TestDefaultPatterns(t *testing.T) {
	a := New()
	for _, p := range analysis.DefaultPatterns() {
		if _, err := analysis.PatternSize(p.Regexp); err != nil {
			t.Errorf("our own pattern for %s: %v", p.Kind, err)
		}
	}
	for text, want := range map[string]string{
		"Where is order 4711?":                             "order 4711",
		"My order is #4711.":                               "order 4711",
		"El envío nº 8812 no llega.":                       "shipment 8812",
		"My order no. 4711-22 is late.":                    "order 4711-22",
		"Where is ORD-4711?":                               "order ORD-4711",
		"Rechnung Nr. 2024/118 ist falsch.":                "invoice 2024/118",
		"Die Bestellnummer ist da, Bestellung #88127.":     "order 88127",
		"Could you extend quote Q-8841?":                   "quote Q-8841",
		"La facture n° F2026-118 de 25 €":                  "invoice F2026-118, amount 25 €",
		"I paid EUR 49.90 for it.":                         "amount EUR 49.90",
		"Tracking number 1Z999AA10123456784":               "shipment 1Z999AA10123456784",
		"I live in 50667 Köln and wear size 42 since 2019": "",
		"We would like to order 12 chairs.":                "",
	} {
		var got []string
		for _, r := range ask(t, a, text, analysis.Desk{}).References {
			got = append(got, fmt.Sprintf("%s %s", r.Kind, r.Value))
		}
		if strings.Join(got, ", ") != want && !sameWords(strings.Join(got, ", "), want) {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}

// sameWords reports whether two lists have the same entries in any order.
func sameWords(a, b string) bool {
	count := map[string]int{}
	for part := range strings.SplitSeq(a, ", ") {
		count[part]++
	}
	for part := range strings.SplitSeq(b, ", ") {
		count[part]--
	}
	for _, n := range count {
		if n != 0 {
			return false
		}
	}
	return true
}

// A desk's own pattern finds its numbers, and the hit has its name and its link.
func TestOwnPattern(t *testing.T) {
	desk := analysis.Desk{References: []analysis.Pattern{
		{Kind: "machine", Regexp: `\bM(\d{4})\b`, Link: "https://shop.example/m/{number}"}, {Kind: "order"},
	}}
	got := ask(t, New(), "The M4411 of order 98765 costs 25 €.", desk).References
	want := []analysis.Reference{{Kind: "machine", Value: "4411", Link: "https://shop.example/m/4411"}, {Kind: "order", Value: "98765"}}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
