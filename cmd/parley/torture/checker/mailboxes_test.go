package checker

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

// A reply that was deleted during its hold, the time before it is sent, reaches nobody. If the platform could not tell
// Parley of the deletion in time, a line must say that the reply was sent.
func TestCheckDeletedReplies(t *testing.T) {
	t.Parallel()
	deleted := Marker{Deleted, 1, 9}
	line := Post{ID: "8", Markers: []Marker{deleted}}
	runCheckCases(t, []checkCase{
		{
			name: "deleted in time",
			change: func(o *Observation, _ *Expectation) {
				o.addReceived(cara, deleted)
				o.addPost(cara, line)
			},
			want: Verdict{ReceivedDeleted: 1},
		},
		{
			name: "the platform could not tell in time, and a line says so",
			change: func(o *Observation, e *Expectation) {
				o.addReceived(cara, deleted)
				o.addPost(cara, line)
				e.Excused[deleted] = true
			},
			want: Verdict{ExcusedChanges: 1},
		},
		{
			name: "the platform could not tell in time, and no line says so",
			change: func(o *Observation, e *Expectation) {
				o.addReceived(cara, deleted)
				e.Excused[deleted] = true
			},
			want: Verdict{ExcusedChanges: 1, Lost: 1},
		},
		{
			name: "the platform never told",
			change: func(o *Observation, e *Expectation) {
				o.addReceived(cara, deleted)
				e.Excused[deleted] = true
				e.LostEvents["5.1"] = true
			},
			want: Verdict{ExcusedChanges: 1, EventsLost: 1},
		},
	})
}

// A click of the oracle's agent excuses the place of one copy of a reply. It also excuses one more copy if it was unknown
// whether the customer had the reply.
func TestCheckClicks(t *testing.T) {
	t.Parallel()
	first, second := outboundTo(1, 2), outboundTo(1, 4)
	runCheckCases(t, []checkCase{
		{
			name: "a second copy, sent by a click while nobody could tell",
			change: func(o *Observation, e *Expectation) {
				o.addReceived(cara, first)
				e.Clicks[first] = Clicks{Sends: 1, Resends: 1}
			},
		},
		{
			name: "a third copy after one such click",
			change: func(o *Observation, e *Expectation) {
				o.addReceived(cara, first)
				o.addReceived(cara, first)
				e.Clicks[first] = Clicks{Sends: 1, Resends: 1}
			},
			want: Verdict{Doubled: 1},
		},
		{
			name: "a second copy of what a click sent for the first time",
			change: func(o *Observation, e *Expectation) {
				o.addReceived(cara, first)
				e.Clicks[first] = Clicks{Sends: 1}
			},
			want: Verdict{Doubled: 1},
		},
		{
			name: "two copies in one mail, though one was asked for",
			change: func(o *Observation, e *Expectation) {
				o.Mailboxes[cara].Received[0].Markers = []Marker{first, first}
				e.Clicks[first] = Clicks{Sends: 1, Resends: 1}
			},
			want: Verdict{Doubled: 1},
		},
		{
			name: "the place of what a click sent",
			change: func(o *Observation, e *Expectation) {
				slices.Reverse(o.Mailboxes[cara].Received)
				e.Clicks[first] = Clicks{Sends: 1}
			},
		},
		{
			name: "what a click sent, before what was typed before it",
			change: func(o *Observation, e *Expectation) {
				slices.Reverse(o.Mailboxes[cara].Received)
				e.Clicks[second] = Clicks{Sends: 1}
			},
			want: Verdict{Reordered: 1},
		},
		{
			name: "the place of a first copy, of which a click made a second",
			change: func(o *Observation, e *Expectation) {
				slices.Reverse(o.Mailboxes[cara].Received)
				o.addReceived(cara, first)
				e.Clicks[first] = Clicks{Sends: 1, Resends: 1}
			},
			want: Verdict{Reordered: 1},
		},
		{
			name: "a reply three times and out of order after one click each",
			change: func(o *Observation, e *Expectation) {
				o.Mailboxes[cara].Received = []Message{
					{ID: "x", Markers: []Marker{second, {Edited, 1, 6}}},
					{ID: "y", Markers: []Marker{second, {Edited, 1, 6}}},
					{ID: "z", Markers: []Marker{second, {Edited, 1, 6}, first}},
				}
				e.Clicks[first] = Clicks{Sends: 1}
				e.Clicks[second] = Clicks{Sends: 1}
			},
			want: Verdict{Doubled: 1},
		},
	})
}
