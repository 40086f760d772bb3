package emulators

import (
	"encoding/json"
	"slices"
	"testing"

	"parley/bridge/analysis"
	"parley/cmd/parley/torture/checker"
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
		ask("inbound-c003-19")
		lied = len(ask("inbound-c002-12").References) > 1
	}
	for _, tt := range []struct {
		name, user, assistant string
		alsoAsked             string // what counts as asked beside the first marker of user
	}{
		{name: "its own lie", user: "inbound-c002-12", assistant: "Ticket inbound-c003-19"},
		{name: "never said", user: "inbound-c002-12", assistant: "Ticket inbound-c004-1", alsoAsked: "inbound-c004-1"},
		{name: "a lie about another question", user: "inbound-c005-1", assistant: "Ticket inbound-c003-19", alsoAsked: "inbound-c003-19"},
		{name: "asked in the request", user: "inbound-c002-12, inbound-c003-19", assistant: "Ticket inbound-c003-19", alsoAsked: "inbound-c003-19"},
	} {
		body, err := json.Marshal(map[string]any{"messages": []map[string]string{
			{"role": "system", "content": "Read."},
			{"role": "user", "content": tt.user},
			{"role": "assistant", "content": tt.assistant},
			{"role": "user", "content": "That answer is not valid."},
		}})
		if err != nil {
			t.Fatal(err)
		}
		got := r.markersAsked(body)
		want := checker.Distinct(append(checker.MarkersIn(tt.user)[:1:1], checker.MarkersIn(tt.alsoAsked)...))
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", tt.name, got, want)
		}
	}
}
