package checker

import "testing"

// Each thing that people said or did in a run is seen in the thread, the mailbox or the phone in which they did it. Nothing
// else is seen there.
func TestCheckHistory(t *testing.T) {
	t.Parallel()
	runCheckCases(t, []checkCase{
		{
			name: "nothing was said and nothing was seen",
			change: func(o *Observation, e *Expectation) {
				*o = Observation{}
				e.History = nil
			},
			want: Verdict{Unaccounted: 1},
		},
		{
			name: "three things were said and nothing was seen",
			change: func(o *Observation, e *Expectation) {
				*o = Observation{}
				e.History = e.History[:3]
			},
			want: Verdict{Unaccounted: 3},
		},
		{
			name:   "a mailbox is missing",
			change: func(o *Observation, _ *Expectation) { o.Mailboxes = o.Mailboxes[:1] },
			want:   Verdict{Unaccounted: 1},
		},
		{
			name:   "a thread is missing",
			change: func(o *Observation, _ *Expectation) { o.Threads = o.Threads[:1] },
			want:   Verdict{Unaccounted: 1, Lost: 1},
		},
		{
			name:   "a phone forgot what was written",
			change: func(o *Observation, _ *Expectation) { o.Mailboxes[cara].Sent = o.Mailboxes[cara].Sent[:1] },
			want:   Verdict{Unaccounted: 1},
		},
		{
			name:   "an internal message is gone",
			change: func(o *Observation, _ *Expectation) { o.removePost("4") },
			want:   Verdict{Unaccounted: 1},
		},
		{
			name: "a deleted reply still stands in its thread",
			change: func(o *Observation, _ *Expectation) {
				o.addPost(cara, Post{ID: "5.1", Author: "U1", Markers: []Marker{{Deleted, 1, 9}}})
			},
			want: Verdict{Unaccounted: 1},
		},
		{
			name:   "a message that nobody said",
			change: func(o *Observation, _ *Expectation) { o.post("1").Markers = []Marker{{Internal, 1, 99}} },
			want:   Verdict{Unaccounted: 1},
		},
		{
			name: "a command that the thread doesn't show",
			change: func(_ *Observation, e *Expectation) {
				e.History = append(e.History, Operation{Kind: OpResolve, Root: "1", ID: "77"})
			},
			want: Verdict{Unaccounted: 1},
		},
	})
}

// The customer receives the new text of an edited reply and never the original, or a line in the thread keeps the new text.
// If Parley learned of the edit too late, the customer may have received the original. A line that quotes the original is
// then enough.
func TestCheckEdits(t *testing.T) {
	t.Parallel()
	original := []Marker{outboundTo(1, 4)}
	runCheckCases(t, []checkCase{
		{
			name:   "the thread doesn't show the new text",
			change: func(o *Observation, _ *Expectation) { o.post("5").Markers = original },
			want:   Verdict{Unaccounted: 1},
		},
		{
			name: "the original was sent and no line says so",
			change: func(o *Observation, e *Expectation) {
				o.Mailboxes[cara].Received[1].Markers = original
				o.removePost("6")
				e.LateEdits["5"] = true
			},
			want: Verdict{Lost: 1, ExcusedChanges: 1},
		},
		{
			name:   "the original was sent though the edit was told in time, and a line quotes the original",
			change: func(o *Observation, _ *Expectation) { o.Mailboxes[cara].Received[1].Markers = original },
			want:   Verdict{ReceivedEdited: 1},
		},
		{
			name: "the edit was told too late, and a line quotes the original",
			change: func(o *Observation, e *Expectation) {
				o.Mailboxes[cara].Received[1].Markers = original
				e.LateEdits["5"] = true
			},
			want: Verdict{ExcusedChanges: 1},
		},
		{
			name: "the edit was told too late and the reply reached nobody",
			change: func(o *Observation, e *Expectation) {
				o.Mailboxes[cara].Received = o.Mailboxes[cara].Received[:1]
				e.LateEdits["5"] = true
			},
			want: Verdict{Lost: 2},
		},
		{
			name: "the original was sent though the edit was told in time, and a line keeps the new text",
			change: func(o *Observation, _ *Expectation) {
				o.Mailboxes[cara].Received[1].Markers = original
				o.post("6").Markers = []Marker{{Edited, 1, 6}}
			},
			want: Verdict{ReceivedEdited: 1},
		},
		{
			name: "the edit was told too late, and a line keeps the new text",
			change: func(o *Observation, e *Expectation) {
				o.Mailboxes[cara].Received[1].Markers = original
				o.post("6").Markers = []Marker{{Edited, 1, 6}}
				e.LateEdits["5"] = true
			},
			want: Verdict{ExcusedChanges: 1},
		},
		{
			name: "the original was sent before the new text, though the edit was told in time",
			change: func(o *Observation, e *Expectation) {
				o.addReceived(cara, original...)
				e.Clicks[outboundTo(1, 4)] = Clicks{Sends: 1, Resends: 1}
			},
			want: Verdict{ReceivedEdited: 1},
		},
		{
			name: "nobody told Parley of the edit",
			change: func(o *Observation, e *Expectation) {
				o.Mailboxes[cara].Received[1].Markers = original
				o.removePost("6")
				e.LateEdits["5"], e.LostEvents["5"] = true, true
			},
			want: Verdict{EventsLost: 1, ExcusedChanges: 1},
		},
		{
			name: "nobody told Parley of the reply",
			change: func(o *Observation, _ *Expectation) {
				o.post("5").EventLost = true
				o.Mailboxes[cara].Received = o.Mailboxes[cara].Received[:1]
			},
			want: Verdict{EventsLost: 2},
		},
	})
}

// editBouncedReply lets the author edit the reply that bounced.
func editBouncedReply(o *Observation, e *Expectation) {
	m := Marker{Edited, 2, 3}
	reply := o.post("9.1")
	reply.Markers = append(reply.Markers, m)
	e.History = append(e.History, Operation{Kind: OpEdit, Marker: m, Conversation: 2, Root: "8", ID: "9.1"})
}

// After the edit of a bounced reply, a line about the original text is enough.
func TestCheckEditOfBouncedReply(t *testing.T) {
	t.Parallel()
	runCheckCases(t, []checkCase{
		{name: "a line tells of the bounce", change: editBouncedReply},
		{
			name: "no line tells of the bounce",
			change: func(o *Observation, e *Expectation) {
				editBouncedReply(o, e)
				o.removePost("9.2")
			},
			want: Verdict{Lost: 2},
		},
	})
}
