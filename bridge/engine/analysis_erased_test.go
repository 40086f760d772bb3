package engine_test

import (
	"context"
	"testing"

	"parley/bridge/analysis"
	"parley/store"
	"parley/store/erase"
)

// heldModel is a model that answers what words finds as soon as release is closed, and whose questions are kept.
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

// Condition makes it a model: what it is asked is kept.
func (heldModel) Condition() analysis.Condition { return analysis.Condition{Status: analysis.Working} }

// An analysis that began before its customer was erased leaves nothing of what it has read, whenever it ends: while the
// erasure is under way, or when it is done. Nor is it kept what the model was asked.
//
func TestErasedWhileAnalysed(t *testing.T) {
	t.Parallel()
	for name, endsBefore := range map[string]bool{"it ends before the erasure has looked": true, "it ends after the erasure": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newHeldModel()
			w := newWorld(t, options{analyzer: m, sealer: newSealer(t), settings: map[string]string{"ai_audit": "7"}})
			w.customerWrites("kim", "Where is #4711471147")
			w.waitShown("Where is #4711471147")
			w.makeBurstsDue()
			<-m.asked
			w.waitDrained()
			o := w.eraseOptions()
			id := must(erase.Begin(t.Context(), o, []store.ContactID{w.contactOf("kim")}, "ann@acme.test"))(t)
			if endsBefore {
				close(m.release)
				w.eventually("the analysis is journalled", func() bool { return w.count(`SELECT count(*) FROM bursts`) == 0 })
			}
			w.finishErasure(o, id)
			if !endsBefore {
				close(m.release)
				w.stops[0]() // it waits for the analysis
			}
			w.wantNowhere("4711471147")
			if n := w.count(`SELECT count(*) FROM ai_exchanges`); n != 0 {
				t.Errorf("%d records of what the model was asked are left, want none", n)
			}
		})
	}
}
