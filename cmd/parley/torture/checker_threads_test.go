package torture

import "testing"

// A customer's message is shown once, in order, in the one thread of its conversation.
func TestCheckThreads(t *testing.T) {
	t.Parallel()
	runCheckCases(t, []checkCase{
		{
			name:   "a mail in no thread",
			change: func(o *Observation, _ *Expectation) { o.post("9").Markers = nil },
			want:   Verdict{Lost: 1},
		},
		{
			name: "a mail posted twice",
			change: func(o *Observation, _ *Expectation) {
				o.addPost(dora, Post{ID: "10", CustomerName: "Dora", Markers: []Marker{inboundOf(2, 1)}})
			},
			want: Verdict{Doubled: 1},
		},
		{
			name: "a mail twice in one post",
			change: func(o *Observation, _ *Expectation) {
				o.post("9").Markers = MarkersIn("inbound-c002-1\n\ninbound-c002-1")
			},
			want: Verdict{Doubled: 1},
		},
		{
			name: "mails in the wrong order",
			change: func(o *Observation, _ *Expectation) {
				o.post("2").Markers, o.post("7").Markers = o.post("7").Markers, o.post("2").Markers
			},
			want: Verdict{Reordered: 1},
		},
		{
			name: "texts of which the phone told late, in the wrong order",
			change: func(o *Observation, e *Expectation) {
				o.post("2").Markers, o.post("7").Markers = o.post("7").Markers, o.post("2").Markers
				e.Excused[inboundOf(1, 1)] = true
			},
			want: Verdict{Excused: 1},
		},
		{
			name: "a mail in a second thread",
			change: func(o *Observation, _ *Expectation) {
				o.removePost("7")
				o.Threads = append(o.Threads, Thread{
					Root:  "20",
					Card:  "Support",
					Posts: []Post{{ID: "21", CustomerName: "Cara", Markers: []Marker{inboundOf(1, 5)}}},
				})
			},
			want: Verdict{Scattered: 1},
		},
		{
			name: "a mail in another customer's thread",
			change: func(o *Observation, _ *Expectation) {
				p := *o.post("7")
				o.removePost("7")
				o.addPost(dora, p)
			},
			want: Verdict{Leaked: 1, Scattered: 1},
		},
		{
			name:   "a phone still sends",
			change: func(o *Observation, _ *Expectation) { o.Mailboxes[dora].Unsent = 2 },
			want:   Verdict{Lost: 2},
		},
	})
}
