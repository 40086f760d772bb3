package world

import (
	"encoding/json"
	"slices"
	"testing"

	"parley/bridge/analysis"
	"parley/cmd/parley/torture/judge"
)

// What a model made up about another customer stands in the request that shows it its invalid answer: that is
// no leak. The same words anywhere else in a request are one, and so are others in its answer.
func TestOwnLiesAreNoQuestions(t *testing.T) {
	t.Parallel()
	r := newReader(1)
	ask := func(text string) analysis.Answer {
		a, err := r.Analyze(t.Context(), analysis.Question{Burst: []analysis.Message{{Text: text}}})
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	for lied := false; !lied; {
		ask("said-c003-19")
		lied = len(ask("said-c002-12").References) > 1
	}
	for name, tt := range map[string]struct{ user, assistant, also string }{
		"its own lie":          {"said-c002-12", "Ticket said-c003-19", ""},
		"never said":           {"said-c002-12", "Ticket said-c004-1", "said-c004-1"},
		"of another question":  {"said-c005-1", "Ticket said-c003-19", "said-c003-19"},
		"asked in the request": {"said-c002-12, said-c003-19", "Ticket said-c003-19", "said-c003-19"},
	} {
		body, err := json.Marshal(map[string]any{"messages": []map[string]string{{"role": "system", "content": "Read."},
			{"role": "user", "content": tt.user}, {"role": "assistant", "content": tt.assistant}, {"role": "user", "content": "That answer is not valid."}}})
		if err != nil {
			t.Fatal(err)
		}
		got := r.askedIn(body)
		want := judge.Distinct(append(judge.MarksIn(tt.user)[:1:1], judge.MarksIn(tt.also)...))
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}
