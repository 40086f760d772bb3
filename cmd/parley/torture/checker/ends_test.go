package checker

import (
	"slices"
	"testing"
)

// A message arrives with its end.
func TestCheckEnds(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		text string // what arrived
		want int    // ends that are missing
	}{
		{name: "whole", text: "About inbound-c001-1:\n\nit was the cable. c001-1-end"},
		{name: "cut behind its marker", text: "About inbound-c001-1:", want: 1},
		{name: "with the end of another one", text: "About inbound-c001-1: c001-12-end", want: 1},
		{name: "two in one, of which the first is cut", text: "inbound-c001-1\ninbound-c001-5 c001-5-end", want: 1},
		{name: "about a reply", text: "outbound-c001-2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			shown := Post{CustomerName: "Cara", Markers: MarkersIn(tt.text), EndWords: EndWordsIn(tt.text)}
			var v Verdict
			checkEnds(&v, Observation{Threads: []Thread{{Posts: []Post{shown}}}})
			if v.Lost != tt.want {
				t.Errorf("lost: got %d, want %d; violations %q", v.Lost, tt.want, v.Violations)
			}
		})
	}
}

// A customer gets the end of each reply.
func TestCheckEndsOfReplies(t *testing.T) {
	t.Parallel()
	reply := outboundTo(1, 2)
	var v Verdict
	checkEnds(&v, Observation{Mailboxes: []Mailbox{{Received: []Message{
		{Markers: []Marker{reply}},
		{Markers: []Marker{reply}, EndWords: []string{reply.EndWord()}},
	}}}})
	if v.Lost != 1 {
		t.Errorf("lost: got %d, want 1; violations %q", v.Lost, v.Violations)
	}
}

// The end of a message is no marker.
func TestEndWord(t *testing.T) {
	t.Parallel()
	reply := outboundTo(17, 5)
	text := "Please look at " + reply.String() + ". " + reply.EndWord()
	if got, want := EndWordsIn(text), []string{"c017-5-end"}; !slices.Equal(got, want) {
		t.Errorf("end words: got %q, want %q", got, want)
	}
	if got, want := MarkersIn(text), []Marker{reply}; !slices.Equal(got, want) {
		t.Errorf("markers: got %v, want %v", got, want)
	}
}
