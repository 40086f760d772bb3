package emulators

import (
	"encoding/json"
	"slices"
	"testing"

	"parley/bridge/analysis"
	"parley/cmd/parley/torture/checker"
)

// ask lets an answerer answer a question about one message.
func ask(t *testing.T, r *answerer, text string) analysis.Answer {
	t.Helper()
	a, err := r.Analyze(t.Context(), analysis.Question{Burst: []analysis.Message{{Text: text}}})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// newHallucinatingAnswerer returns an answerer that has quoted inbound-c003-19 in an answer about inbound-c002-12.
func newHallucinatingAnswerer(t *testing.T) *answerer {
	t.Helper()
	r := newAnswerer(1)
	for range 1000 { // the answerer quotes another customer by chance
		ask(t, r, "inbound-c003-19")
		if len(ask(t, r, "inbound-c002-12").References) > 1 {
			return r
		}
	}
	t.Fatal("a thousand answers quote nothing of another customer")
	return nil
}

// If the model's answer was invalid, Parley shows it to the model again. A marker of another customer that the model had
// quoted there doesn't count as asked about by Parley. Every other marker in the request does.
func TestMarkersAskedWithoutHallucinations(t *testing.T) {
	t.Parallel()
	about := func(conversation, number int) checker.Marker {
		return checker.Marker{Kind: checker.Inbound, Conversation: conversation, Number: number}
	}
	for _, tt := range []struct {
		name   string
		user   string // what Parley asks
		answer string // the invalid answer that Parley shows again
		want   []checker.Marker
	}{
		{
			name:   "its own hallucination",
			user:   "inbound-c002-12",
			answer: "Ticket inbound-c003-19",
			want:   []checker.Marker{about(2, 12)},
		},
		{
			name:   "what the model never said",
			user:   "inbound-c002-12",
			answer: "Ticket inbound-c004-1",
			want:   []checker.Marker{about(2, 12), about(4, 1)},
		},
		{
			name:   "a hallucination of an answer to another question",
			user:   "inbound-c005-1",
			answer: "Ticket inbound-c003-19",
			want:   []checker.Marker{about(5, 1), about(3, 19)},
		},
		{
			name:   "the same marker in the question",
			user:   "inbound-c002-12, inbound-c003-19",
			answer: "Ticket inbound-c003-19",
			want:   []checker.Marker{about(2, 12), about(3, 19)},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newHallucinatingAnswerer(t)
			body, err := json.Marshal(map[string]any{"messages": []map[string]string{
				{"role": "system", "content": "Read."},
				{"role": "user", "content": tt.user},
				{"role": "assistant", "content": tt.answer},
				{"role": "user", "content": "That answer is not valid."},
			}})
			if err != nil {
				t.Fatal(err)
			}
			if got := r.markersIn(body); !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}
