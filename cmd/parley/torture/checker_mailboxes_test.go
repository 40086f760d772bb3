package torture

import (
	"slices"
	"testing"
)

// The customer for whom a reply was typed receives it once and in order, and receives nothing else.
func TestCheckMailbox(t *testing.T) {
	t.Parallel()
	runCheckCases(t, []checkCase{
		{
			name:   "a reply that reached nobody",
			change: func(o *Observation, _ *Expectation) { o.Mailboxes[cara].Received = o.Mailboxes[cara].Received[1:] },
			want:   Verdict{Lost: 1},
		},
		{
			name: "a reply of which nobody told Parley",
			change: func(o *Observation, _ *Expectation) {
				o.post("3").EventLost = true
				o.Mailboxes[cara].Received = o.Mailboxes[cara].Received[1:]
			},
			want: Verdict{EventsLost: 1},
		},
		{
			name:   "a reply received twice",
			change: func(o *Observation, _ *Expectation) { o.addReceived(cara, o.Mailboxes[cara].Received[1].Markers...) },
			want:   Verdict{Doubled: 1},
		},
		{
			name: "a reply received twice, though nobody told Parley of it",
			change: func(o *Observation, _ *Expectation) {
				o.post("5").EventLost = true
				o.addReceived(cara, o.Mailboxes[cara].Received[1].Markers...)
			},
			want: Verdict{Doubled: 1},
		},
		{
			name: "a reply twice in one mail",
			change: func(o *Observation, _ *Expectation) {
				o.Mailboxes[cara].Received[0].Markers = MarkersIn("outbound-c001-2\n\noutbound-c001-2")
			},
			want: Verdict{Doubled: 1},
		},
		{
			name:   "replies in the wrong order",
			change: func(o *Observation, _ *Expectation) { slices.Reverse(o.Mailboxes[cara].Received) },
			want:   Verdict{Reordered: 1},
		},
		{
			name: "the order of a reply of which the platform told late",
			change: func(o *Observation, e *Expectation) {
				slices.Reverse(o.Mailboxes[cara].Received)
				e.Excused[outboundTo(1, 2)] = true
			},
			want: Verdict{Excused: 1},
		},
		{
			name: "an internal message",
			change: func(o *Observation, _ *Expectation) {
				reply := &o.Mailboxes[cara].Received[0]
				reply.Markers = append(reply.Markers, Marker{Internal, 1, 3})
			},
			want: Verdict{Leaked: 1},
		},
		{
			name:   "another customer's reply",
			change: func(o *Observation, _ *Expectation) { o.addReceived(dora, outboundTo(1, 4)) },
			want:   Verdict{Leaked: 1},
		},
		{
			name:   "a quotation of another customer",
			change: func(o *Observation, _ *Expectation) { o.addReceived(dora, inboundOf(1, 1)) },
			want:   Verdict{Leaked: 1},
		},
	})
}
