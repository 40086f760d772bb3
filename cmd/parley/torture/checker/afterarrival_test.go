package checker

import (
	"slices"
	"testing"
)

// If a reply is edited after the customer received it, the new text isn't sent without a click, and a line quotes what the
// customer has.
func TestCheckEditAfterArrival(t *testing.T) {
	t.Parallel()
	arrived := func(o *Observation, e *Expectation) {
		i := slices.IndexFunc(e.History, func(op Operation) bool { return op.Kind == OpEdit })
		e.History[i].Arrived = true
		o.Mailboxes[cara].Received[1].Markers = []Marker{outboundTo(1, 4)}
	}
	runCheckCases(t, []checkCase{
		{name: "the customer has the former text, and a line quotes it", change: arrived},
		{
			name: "the new text reached the customer as well",
			change: func(o *Observation, e *Expectation) {
				arrived(o, e)
				o.addReceived(cara, Marker{Edited, 1, 6})
			},
			want: Verdict{Leaked: 1},
		},
		{
			name: "no line says so",
			change: func(o *Observation, e *Expectation) {
				arrived(o, e)
				o.removePost("6")
			},
			want: Verdict{Lost: 1},
		},
		{
			name: "nobody told Parley of the edit",
			change: func(o *Observation, e *Expectation) {
				arrived(o, e)
				o.removePost("6")
				e.LostEvents["5"] = true
			},
			want: Verdict{EventsLost: 1},
		},
	})
}

// deleteAfterArrival deletes a reply that Cara has. A line says that it was deleted too late.
func deleteAfterArrival(o *Observation, e *Expectation) {
	o.removePost("3")
	o.addPost(cara, Post{ID: "7.1", Markers: []Marker{outboundTo(1, 2)}})
	e.History = append(e.History, Operation{Kind: OpDelete, Conversation: 1, Root: "1", ID: "3", Arrived: true})
}

// A reply that is deleted after the customer received it is received once, in its place, and a line says that it was deleted
// too late.
func TestCheckDeletionAfterArrival(t *testing.T) {
	t.Parallel()
	runCheckCases(t, []checkCase{
		{name: "received once, and a line says so", change: deleteAfterArrival},
		{
			name: "sent a second time",
			change: func(o *Observation, e *Expectation) {
				deleteAfterArrival(o, e)
				o.addReceived(cara, outboundTo(1, 2))
			},
			want: Verdict{Doubled: 1},
		},
		{
			name: "out of its place",
			change: func(o *Observation, e *Expectation) {
				deleteAfterArrival(o, e)
				slices.Reverse(o.Mailboxes[cara].Received)
			},
			want: Verdict{Reordered: 1},
		},
		{
			name: "no line says so",
			change: func(o *Observation, e *Expectation) {
				deleteAfterArrival(o, e)
				o.removePost("7.1")
			},
			want: Verdict{Lost: 1},
		},
	})
}

// A note that is edited into a reply isn't sent without a click. It isn't sent if it is deleted afterwards, either.
func TestCheckTurnedNotes(t *testing.T) {
	t.Parallel()
	note := Marker{Internal, 1, 3}
	turn := func(e *Expectation) {
		e.History = append(e.History, Operation{Kind: OpEdit, Marker: note, Conversation: 1, Root: "1", ID: "4"})
	}
	runCheckCases(t, []checkCase{
		{name: "edited into a reply", change: func(_ *Observation, e *Expectation) { turn(e) }},
		{
			name: "edited into a reply, and sent without a click",
			change: func(o *Observation, e *Expectation) {
				turn(e)
				o.addReceived(cara, note)
			},
			want: Verdict{Leaked: 1},
		},
		{
			name: "edited into a reply, and deleted",
			change: func(o *Observation, e *Expectation) {
				turn(e)
				o.removePost("4")
				e.History = append(e.History, Operation{Kind: OpDelete, Conversation: 1, Root: "1", ID: "4"})
			},
		},
	})
}

// A snoozed conversation comes back when its customer writes.
func TestCheckSnoozes(t *testing.T) {
	t.Parallel()
	snoozed := func(o *Observation) {
		o.Threads[cara].Card = "Customer 001 Unassigned · Support · Snoozed until 9:00"
	}
	runCheckCases(t, []checkCase{
		{name: "the customer wrote before", change: func(o *Observation, _ *Expectation) { snoozed(o) }},
		{
			name: "the customer wrote since",
			change: func(o *Observation, e *Expectation) {
				snoozed(o)
				i := slices.IndexFunc(e.History, func(op Operation) bool { return op.Marker == inboundOf(1, 5) })
				e.History[i].WhileSnoozed = true
			},
			want: Verdict{Forgotten: 1},
		},
	})
}
