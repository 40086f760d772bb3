package engine_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"parley/bridge/analysis"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// modelled is a reader with a model whose condition a test sets.
type modelled struct {
	reader

	state     sync.Mutex
	condition analysis.Condition
}

// Condition returns the condition that the test has set.
func (m *modelled) Condition() analysis.Condition {
	m.state.Lock()
	defer m.state.Unlock()
	return m.condition
}

// setCondition sets the model's condition from now on.
func (m *modelled) setCondition(c analysis.Condition) {
	m.state.Lock()
	defer m.state.Unlock()
	m.condition = c
}

// If the model can't be used until somebody looks at it, admins are told once, whichever process notices it. When it
// works again they are told once, too. They aren't told of a failure that passes by itself. Nobody else is told anything.
func TestAdminsHearOfTheModel(t *testing.T) {
	t.Parallel()
	refused := analysis.Condition{Status: analysis.Broken, Text: "The key is refused.", Hint: "Make a new one."}
	m := &modelled{condition: analysis.Condition{Status: analysis.Working}}
	m.find = func(analysis.Question) (analysis.Answer, error) {
		return analysis.Answer{Sentiment: analysis.Neutral, Degraded: m.Condition().Status != analysis.Working}, nil
	}
	w := newWorld(t, options{analyzer: m, engines: 2})
	const told = `SELECT coalesce(string_agg(concat_ws(' ', payload->'line'->>'Model', payload->'line'->>'Reason', payload->'line'->>'Hint'),
		'; ' ORDER BY lane_id, seq), '')
		FROM deliveries WHERE payload->'line'->>'Kind' = 'account'`
	const trouble, after = "true The key is refused. Make a new one.", "; true"

	away, working := analysis.Condition{Status: analysis.Waiting, Text: "The server can't be reached."},
		analysis.Condition{Status: analysis.Working}
	for i, step := range []struct {
		condition analysis.Condition
		told      string // so far
	}{
		{condition: away, told: ""},
		{condition: refused, told: trouble},
		{condition: refused, told: trouble},
		{condition: away, told: trouble},
		{condition: working, told: trouble + after},
		{condition: working, told: trouble + after},
	} {
		m.setCondition(step.condition)
		for range 3 { // by either process
			w.writeAndAnalyse(fmt.Sprintf("Hello %d", len(m.questions())))
		}
		wantEqual(t, fmt.Sprint("what admins are told by step ", i), strings.TrimSpace(w.text(told)), step.told)
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
