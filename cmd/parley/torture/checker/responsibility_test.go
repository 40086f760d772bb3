package checker

import (
	"testing"
	"time"
)

// After a bounce, a line in the thread tells the author that the reply wasn't delivered.
func TestCheckBounces(t *testing.T) {
	t.Parallel()
	runCheckCases(t, []checkCase{
		{name: "nobody was told", change: func(o *Observation, _ *Expectation) { o.removePost("9.2") }, want: Verdict{Lost: 1}},
		{
			name: "nobody told Parley of the reply",
			change: func(o *Observation, _ *Expectation) {
				o.post("9.1").EventLost = true
				o.removePost("9.2")
			},
			want: Verdict{EventsLost: 1},
		},
	})
}

// addCommand lets an agent type a command in Cara's thread, long after everything else.
func addCommand(o *Observation, e *Expectation, kind OperationKind, team string) {
	const id = "7.1"
	e.History = append(e.History, Operation{At: time.Unix(100, 0), Kind: kind, Root: "1", ID: id, Team: team})
	o.addPost(cara, Post{ID: id, Author: "U1"})
}

// While a customer waits, the card names somebody who is responsible for the conversation.
func TestCheckResponsibility(t *testing.T) {
	t.Parallel()
	const (
		support      = "Customer 001 Unassigned · Support"
		billing      = "Customer 001 Unassigned · Billing"
		annInSupport = "Customer 001 Ann Lee · Support"
		annInBilling = "Customer 001 Ann Lee · Billing"
	)
	runCheckCases(t, []checkCase{
		{
			name:   "the card names nobody",
			change: func(o *Observation, _ *Expectation) { o.Threads[cara].Card = "Customer 001 Unassigned" },
			want:   Verdict{Forgotten: 1},
		},
		{
			name:   "the card names another team",
			change: func(o *Observation, _ *Expectation) { o.Threads[cara].Card = billing },
			want:   Verdict{Forgotten: 1},
		},
		{
			name: "handed over",
			change: func(o *Observation, e *Expectation) {
				addCommand(o, e, OpHandOver, OtherTeam)
				o.Threads[cara].Card = billing
			},
		},
		{
			name: "handed over, and the card names the team of before",
			change: func(o *Observation, e *Expectation) {
				addCommand(o, e, OpHandOver, OtherTeam)
				o.Threads[cara].Card = support
			},
			want: Verdict{Forgotten: 1},
		},
		{
			name: "handed over, and the card names the owner of before",
			change: func(o *Observation, e *Expectation) {
				addCommand(o, e, OpHandOver, OtherTeam)
				o.Threads[cara].Card = annInBilling
			},
			want: Verdict{Forgotten: 1},
		},
		{
			name: "handed over, and taken by a click",
			change: func(o *Observation, e *Expectation) {
				addCommand(o, e, OpHandOver, OtherTeam)
				o.Threads[cara].Card = annInBilling
				e.ActedIn["1"] = true
			},
		},
		{
			name: "handed over, and Parley was told late",
			change: func(o *Observation, e *Expectation) {
				addCommand(o, e, OpHandOver, OtherTeam)
				o.Threads[cara].Card = annInSupport
				e.LateEvents["7.1"] = true
			},
		},
		{
			name: "left without an owner",
			change: func(o *Observation, e *Expectation) {
				addCommand(o, e, OpUnassign, "")
				o.Threads[cara].Card = support
			},
		},
		{
			name: "left without an owner, and the card names the owner of before",
			change: func(o *Observation, e *Expectation) {
				addCommand(o, e, OpUnassign, "")
				o.Threads[cara].Card = annInSupport
			},
			want: Verdict{Forgotten: 1},
		},
	})
}

// A waiting customer's conversation must not be resolved, unless it was resolved before the customer's message was shown.
func TestCheckResolvedConversations(t *testing.T) {
	t.Parallel()
	const resolved = "Customer 001 · Resolved"
	runCheckCases(t, []checkCase{
		{
			name:   "nobody resolved it in the thread",
			change: func(o *Observation, _ *Expectation) { o.Threads[cara].Card = resolved },
			want:   Verdict{Forgotten: 1},
		},
		{
			name: "resolved before the customer's message was shown",
			change: func(o *Observation, _ *Expectation) {
				o.Threads[cara].Card = resolved
				o.post("6").IsResolve = true
			},
			want: Verdict{ResolvedUnseen: 1},
		},
		{
			name: "the customer was answered",
			change: func(o *Observation, e *Expectation) {
				reply := outboundTo(1, 7)
				o.Threads[cara].Card = resolved
				o.addPost(cara, Post{ID: "8", Author: "U1", Markers: []Marker{reply}})
				o.addReceived(cara, reply)
				e.History = append(e.History, posted(reply, "1", "8"))
			},
		},
	})
}
