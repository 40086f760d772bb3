package engine_test

import (
	"slices"
	"strings"
	"testing"

	"parley/bridge"
	"parley/bridge/analysis"
	"parley/bridge/analysis/offline"
)

// What an admin says of numbers and wishes counts for the analysis of what customers write: the note links a number as
// the pattern says, and names a wish of the team's own.
//
func TestOwnReferencesAndIntents(t *testing.T) {
	t.Parallel()
	var asked analysis.Desk
	alone := offline.New()
	r := &reader{}
	r.find = func(q analysis.Question) (analysis.Answer, error) {
		asked = q.Desk
		return alone.Analyze(t.Context(), q)
	}
	w := newWorld(t, options{analyzer: r, settings: map[string]string{
		"ai_references": "order: \\bSO-\\d{6}\\b -> https://shop.example/orders/{number}", "ai_intents": "warranty: asks about the guarantee = guarantee\norder_status"}})
	w.customerWrites("kim", "Is there still a guarantee on SO-123456? My invoice is 4711-22.")
	thread := w.waitThread("Is there still")
	w.makeBurstsDue()
	note := w.waitLine(thread, bridge.LineAnalysis)
	if said := note.Plain(); !strings.Contains(said, "warranty order SO-123456") || strings.Contains(said, "4711") {
		t.Errorf("the note says %s", said)
	}
	if n := w.count(`SELECT count(*) FROM deliveries WHERE payload #>> '{line,References,0,Link}' = 'https://shop.example/orders/SO-123456'`); n != 1 {
		t.Errorf("%d notes link the number, want 1", n)
	}
	if names := len(asked.Intents); names != 2 || !slices.Equal(asked.Intents[0].Words, []string{"guarantee"}) {
		t.Errorf("asked with %+v", asked.Intents)
	}
}
