package checker

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

// A post that says that it may be a second copy excuses one copy.
func TestCheckMarkedCopies(t *testing.T) {
	t.Parallel()
	copyOfMail := Post{ID: "10", CustomerName: "Dora", Markers: []Marker{inboundOf(2, 1)}}
	markedCopyOfMail := copyOfMail
	markedCopyOfMail.MaybeCopy = true
	runCheckCases(t, []checkCase{
		{
			name:   "a mail shown twice, and it says so",
			change: func(o *Observation, _ *Expectation) { o.addPost(dora, markedCopyOfMail) },
			want:   Verdict{MarkedCopies: 1},
		},
		{
			name: "a mail shown three times, and one says so",
			change: func(o *Observation, _ *Expectation) {
				o.addPost(dora, markedCopyOfMail)
				o.addPost(dora, copyOfMail)
			},
			want: Verdict{MarkedCopies: 1, Doubled: 1},
		},
		{
			name: "a mail twice in one post that says so",
			change: func(o *Observation, _ *Expectation) {
				p := o.post("9")
				p.Markers = []Marker{inboundOf(2, 1), inboundOf(2, 1)}
				p.MaybeCopy = true
			},
			want: Verdict{Doubled: 1},
		},
		{
			name: "a mail shown twice, and the first attempt stands last",
			change: func(o *Observation, _ *Expectation) {
				o.post("9").MaybeCopy = true
				o.addPost(dora, copyOfMail)
			},
			want: Verdict{MarkedCopies: 1},
		},
	})
}

// A delivery becomes one post. Further posts must say that they may be copies.
func TestCheckDeliveries(t *testing.T) {
	t.Parallel()
	runCheckCases(t, []checkCase{
		{
			name:   "a line posted twice",
			change: func(o *Observation, _ *Expectation) { o.addPost(cara, Post{ID: "10", Token: "c.0"}) },
			want:   Verdict{Doubled: 1},
		},
		{
			name:   "a line posted twice, and it says so",
			change: func(o *Observation, _ *Expectation) { o.addPost(cara, Post{ID: "10", Token: "c.0", MaybeCopy: true}) },
			want:   Verdict{MarkedCopies: 1},
		},
		{
			name: "a line posted three times, and one says so",
			change: func(o *Observation, _ *Expectation) {
				o.addPost(cara, Post{ID: "10", Token: "c.0", MaybeCopy: true})
				o.addPost(cara, Post{ID: "11", Token: "c.0"})
			},
			want: Verdict{MarkedCopies: 1, Doubled: 1},
		},
	})
}
