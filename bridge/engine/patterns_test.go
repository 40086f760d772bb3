package engine_test

import (
	"testing"

	"parley/bridge"
	"parley/bridge/analysis"
	"parley/bridge/analysis/offline"
)

// An admin can define numbers and wishes for the analysis of customers' messages. The note links a number as its pattern
// says, and names a wish of the team's own.
// Requirement R-183: Order and invoice numbers.
// Requirement R-188: What the customer wants.
func TestOwnReferencesAndIntents(t *testing.T) {
	t.Parallel()
	rules := offline.New()
	r := &reader{find: func(q analysis.Question) (analysis.Answer, error) { return rules.Analyze(t.Context(), q) }}
	w := newWorld(t, options{analyzer: r, settings: map[string]string{
		"ai_references": "order: \\bSO-\\d{6}\\b -> https://shop.example/orders/{number}",
		"ai_intents":    "warranty: asks about the guarantee = guarantee\norder_status"}})

	w.customerWrites("kim", "Is there still a guarantee on SO-123456? My invoice is 4711-22.")
	thread := w.waitThread("Is there still")
	w.makeBurstsDue()
	note := w.waitLine(thread, bridge.LineAnalysis)
	wantWords(t, "the note", note.Plain(), "warranty order SO-123456")
	wantNoWords(t, "the note", note.Plain(), "4711")

	n := w.count(`SELECT count(*) FROM deliveries WHERE payload #>> '{line,References,0,Link}' = 'https://shop.example/orders/SO-123456'`)
	if n != 1 {
		t.Errorf("%d notes link the number, want 1", n)
	}
	intents := r.questions()[0].Desk.Intents
	if len(intents) != 2 {
		t.Fatalf("the question has the intents %+v, want two", intents)
	}
	wantList(t, "words of the team's own intent", intents[0].Words, []string{"guarantee"})
}
