package engine_test

import (
	"context"
	"testing"

	"parley/bridge/analysis"
	"parley/store"
	"parley/store/erase"
	"parley/store/storetest"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// heldModel is a model that answers like words, but only after release is closed. Its questions are kept.
type heldModel struct {
	words          *reader
	asked, release chan struct{}
}

func newHeldModel() heldModel {
	return heldModel{wordReader(), make(chan struct{}, 100), make(chan struct{})}
}

func (m heldModel) Analyze(ctx context.Context, q analysis.Question) (analysis.Answer, error) {
	m.asked <- struct{}{}
	<-m.release
	q.Terms.Record(analysis.Exchange{Model: "held", Answered: "{}"})
	return m.words.Analyze(ctx, q)
}

// Condition makes heldModel a model whose questions are kept.
func (heldModel) Condition() analysis.Condition { return analysis.Condition{Status: analysis.Working} }

// If an analysis began before its customer was erased, none of what it has read is left, whether it ends during the
// erasure or after it. The model's question isn't kept either.
// Requirement R-276: Erase and export a person.
func TestErasedWhileAnalysed(t *testing.T) {
	t.Parallel()
	t.Run("the analysis ends before the erasure has looked", func(t *testing.T) {
		t.Parallel()
		w, m := newWorldOfHeldAnalysis(t)
		o := w.eraseOptions()
		id := must(erase.Begin(t.Context(), o, []store.ContactID{w.contactOf("kim")}, "ann@acme.test"))(t)
		close(m.release)
		w.eventually("the analysis is journalled", func() bool { return w.countBursts() == 0 })
		w.finishErasure(o, id)
		w.wantNothingOfOrder()
	})

	t.Run("the analysis ends after the erasure", func(t *testing.T) {
		t.Parallel()
		w, m := newWorldOfHeldAnalysis(t)
		o := w.eraseOptions()
		id := must(erase.Begin(t.Context(), o, []store.ContactID{w.contactOf("kim")}, "ann@acme.test"))(t)
		w.finishErasure(o, id)
		close(m.release)
		w.stops[0]() // it waits for the analysis
		w.wantNothingOfOrder()
	})
}

// erasedOrder is the number of an order that kim asks for. It must not be left anywhere.
const erasedOrder = "4711471147"

// newWorldOfHeldAnalysis makes a world in which kim has asked for erasedOrder, and the model has been asked about that.
// The model answers once m.release is closed. Questions to models are kept for 7 days there.
func newWorldOfHeldAnalysis(t *testing.T) (w *world, m heldModel) {
	t.Helper()
	m = newHeldModel()
	w = newWorld(t, options{analyzer: m, sealer: newSealer(t), settings: map[string]string{"ai_audit": "7"}})
	w.customerWrites("kim", "Where is #"+erasedOrder)
	w.waitShown("Where is #" + erasedOrder)
	w.makeBurstsDue()
	storetest.Receive(t, m.asked, "the model is asked")
	w.waitDrained()
	return w, m
}

// wantNothingOfOrder checks that erasedOrder isn't left anywhere, and that no question to a model is kept.
func (w *world) wantNothingOfOrder() {
	w.t.Helper()
	w.wantNowhere(erasedOrder)
	wantEqual(w.t, "records of what the model was asked", w.count(`SELECT count(*) FROM ai_exchanges`), 0)
}
