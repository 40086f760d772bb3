package engine_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"parley/bridge/analysis"
	"parley/bridge/engine/chores"
)

// modelled is a reader whose model is as a test says.
type modelled struct {
	reader

	state     sync.Mutex
	condition analysis.Condition
}

// Condition is what chores ask of a model.
func (m *modelled) Condition() analysis.Condition {
	m.state.Lock()
	defer m.state.Unlock()
	return m.condition
}

func (m *modelled) setCondition(c analysis.Condition) {
	m.state.Lock()
	defer m.state.Unlock()
	m.condition = c
}

// Admins are told once that the model can't be used until somebody looks, and once that it works again, whichever
// process sees it. What passes by itself they are not told. Nobody else hears of any of it.
func TestAdminsHearOfTheModel(t *testing.T) {
	t.Parallel()
	refused := analysis.Condition{Status: analysis.Broken, Text: "The key is refused.", Hint: "Make a new one."}
	m := &modelled{condition: analysis.Condition{Status: analysis.Working}}
	m.find = func(analysis.Question) (analysis.Answer, error) {
		return analysis.Answer{Sentiment: analysis.Neutral, Degraded: m.Condition().Status != analysis.Working}, nil
	}
	w := newWorld(t, options{analyzer: m, engines: 2})
	const told = `SELECT coalesce(string_agg(concat_ws(' ', payload->'line'->>'Model', payload->'line'->>'Reason', payload->'line'->>'Hint'), '; ' ORDER BY lane_id, seq), '')
		FROM deliveries WHERE payload->'line'->>'Kind' = 'account'`
	const trouble, after = "true The key is refused. Make a new one.", "; true"
	for i, step := range []struct {
		condition analysis.Condition
		told      string
	}{
		{analysis.Condition{Status: analysis.Waiting, Text: "The server can't be reached."}, ""},
		{refused, trouble},
		{refused, trouble},
		{analysis.Condition{Status: analysis.Waiting, Text: "The server can't be reached."}, trouble},
		{analysis.Condition{Status: analysis.Working}, trouble + after},
		{analysis.Condition{Status: analysis.Working}, trouble + after},
	} {
		m.setCondition(step.condition)
		for range 3 { // by either process
			w.writeAndAnalyse(fmt.Sprintf("Hello %d", len(m.questions())))
		}
		if got := w.text(told); strings.TrimSpace(got) != step.told {
			t.Errorf("step %d: admins are told %q, not %q", i, got, step.told)
		}
	}
	for _, who := range []string{"ben", "cat"} {
		if n := len(w.chat.Whispers(who)); n != 0 {
			t.Errorf("%s was told %d things, want none", who, n)
		}
	}
	if n := len(w.sentTexts()); n != 0 {
		t.Errorf("%d texts went to the customer, want none", n)
	}
}

// Each analysis is counted by how it ended.
func TestAnalysesAreCounted(t *testing.T) {
	t.Parallel()
	m := &modelled{condition: analysis.Condition{Status: analysis.Working}}
	m.find = func(q analysis.Question) (analysis.Answer, error) {
		switch q.Burst[0].Text {
		case "fails":
			return analysis.Answer{}, errors.New("no answer")
		case "by rules":
			return analysis.Answer{Degraded: true}, nil
		}
		return analysis.Answer{}, nil
	}
	w := newWorld(t, options{analyzer: m})
	w.writeAndAnalyse("by a model")
	w.writeAndAnalyse("by rules")
	w.customerWrites("kim", "fails")
	w.waitShown("fails")
	w.eventually("it is given up", func() bool {
		w.exec(`UPDATE bursts SET due_at = parley_now() WHERE leased_until IS NULL`)
		return w.engines[0].AnalysisCounts().GivenUp == 1
	})
	if got, want := w.engines[0].AnalysisCounts(), (chores.AnalysisCounts{Model: 1, Degraded: 1, Failed: 5, GivenUp: 1}); got != want {
		t.Errorf("%+v, not %+v", got, want)
	}
}
