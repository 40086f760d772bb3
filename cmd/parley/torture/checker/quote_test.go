package checker

import "testing"

// Nothing of one customer's stands in the thread of another.
func TestCheckQuotes(t *testing.T) {
	t.Parallel()
	first, doras := inboundOf(1, 1), inboundOf(2, 1)
	runCheckCases(t, []checkCase{
		{
			name: "a line that quotes another customer",
			change: func(o *Observation, _ *Expectation) {
				o.addPost(cara, Post{ID: "10", Markers: []Marker{first, doras}})
			},
			want: Verdict{Leaked: 1},
		},
		{
			name: "a line about another customer's reply",
			change: func(o *Observation, _ *Expectation) {
				o.addPost(dora, Post{ID: "10", Markers: []Marker{outboundTo(1, 2)}})
			},
			want: Verdict{Leaked: 1},
		},
		{
			name: "a line with another customer's note",
			change: func(o *Observation, _ *Expectation) {
				o.addPost(dora, Post{ID: "10", Markers: []Marker{{Internal, 1, 3}}})
			},
			want: Verdict{Leaked: 1},
		},
		{
			name: "a customer's message with another customer's reply",
			change: func(o *Observation, _ *Expectation) {
				o.post("9").Markers = []Marker{inboundOf(2, 1), outboundTo(1, 2)}
			},
			want: Verdict{Leaked: 1},
		},
		{
			name: "a list of two customers outside of their threads",
			change: func(o *Observation, _ *Expectation) {
				o.Threads = append(o.Threads, Thread{Root: "20", Posts: []Post{{ID: "20", Markers: []Marker{first, doras}}}})
			},
		},
	})
}
