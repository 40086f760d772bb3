package checker

import (
	"slices"
	"testing"
)

// noteOf returns a note about messages.
func noteOf(id string, markers ...Marker) Post {
	return Post{ID: id, Token: id, Markers: markers, NoteMarkers: markers}
}

// markedCopyOf returns a copy of a post that says that it may be a copy.
func markedCopyOf(note Post, id string) Post {
	note.ID = id
	note.MaybeCopy = true
	return note
}

// A note is in the thread of the customer whose messages it names. Each message is named by one note only.
func TestCheckNotes(t *testing.T) {
	t.Parallel()
	first, fifth, doras := inboundOf(1, 1), inboundOf(1, 5), inboundOf(2, 1)
	withoutButtons := Post{ID: "10", NoteMarkers: []Marker{first}} // and so without a token
	runCheckCases(t, []checkCase{
		{
			name: "a note for each of two messages",
			change: func(o *Observation, _ *Expectation) {
				o.addPost(cara, noteOf("10", first))
				o.addPost(cara, noteOf("11", fifth))
			},
		},
		{
			name: "two notes name one message",
			change: func(o *Observation, _ *Expectation) {
				o.addPost(cara, noteOf("10", first, fifth))
				o.addPost(cara, noteOf("11", fifth))
			},
			want: Verdict{Doubled: 1},
		},
		{
			name: "a note posted again, and it says so",
			change: func(o *Observation, _ *Expectation) {
				o.addPost(cara, noteOf("10", first))
				o.addPost(cara, markedCopyOf(noteOf("10", first), "11"))
			},
			want: Verdict{MarkedCopies: 1},
		},
		{
			name: "a note without buttons posted again, and it says so",
			change: func(o *Observation, _ *Expectation) {
				o.addPost(cara, withoutButtons)
				o.addPost(cara, markedCopyOf(withoutButtons, "11"))
			},
		},
		{
			name: "a note without buttons posted three times, and one says so",
			change: func(o *Observation, _ *Expectation) {
				o.addPost(cara, withoutButtons)
				o.addPost(cara, markedCopyOf(withoutButtons, "11"))
				o.addPost(cara, Post{ID: "12", NoteMarkers: []Marker{first}})
			},
			want: Verdict{Doubled: 1},
		},
		{
			name: "a note of another delivery that says that it may be a copy",
			change: func(o *Observation, _ *Expectation) {
				o.addPost(cara, noteOf("10", first))
				o.addPost(cara, markedCopyOf(noteOf("11", first), "11"))
			},
			want: Verdict{Doubled: 1},
		},
		{
			name:   "a note in the wrong thread",
			change: func(o *Observation, _ *Expectation) { o.addPost(cara, noteOf("10", doras)) },
			want:   Verdict{Leaked: 1},
		},
		{
			name: "a note that quotes another customer",
			change: func(o *Observation, _ *Expectation) {
				o.addPost(cara, Post{ID: "10", Markers: []Marker{first, doras}, NoteMarkers: []Marker{first}})
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

// A model is asked about one conversation at a time, and never about internal messages.
func TestCheckModelQuestions(t *testing.T) {
	t.Parallel()
	first, fifth, doras := inboundOf(1, 1), inboundOf(1, 5), inboundOf(2, 1)
	runCheckCases(t, []checkCase{
		{
			name: "questions about one conversation each",
			change: func(o *Observation, _ *Expectation) {
				o.ModelQuestions = [][]Marker{{first, outboundTo(1, 2), fifth}, {doras}}
			},
		},
		{
			name:   "a question about two conversations",
			change: func(o *Observation, _ *Expectation) { o.ModelQuestions = [][]Marker{{first, doras}} },
			want:   Verdict{Leaked: 1},
		},
		{
			name:   "a question with an internal message",
			change: func(o *Observation, _ *Expectation) { o.ModelQuestions = [][]Marker{{first, {Internal, 1, 3}}} },
			want:   Verdict{Leaked: 1},
		},
	})
}

// A note is about the messages that it calls tickets, and not about those that it quotes.
func TestMarkersInNote(t *testing.T) {
	t.Parallel()
	const text = "Looks urgent: “please look at inbound-c001-1”\nTicket inbound-c001-1 · Ticket inbound-c001-12"
	if got, want := MarkersInNote(text), []Marker{inboundOf(1, 1), inboundOf(1, 12)}; !slices.Equal(got, want) {
		t.Errorf("MarkersInNote(%q) = %v, want %v", text, got, want)
	}
}

// A verdict counts the messages that notes name, and the questions to the model.
func TestCheckCountsNotesAndQuestions(t *testing.T) {
	t.Parallel()
	observed, expected := goodRun()
	named := []Marker{inboundOf(1, 1), inboundOf(1, 12)}
	observed.addPost(cara, noteOf("10", named...))
	observed.ModelQuestions = [][]Marker{named}
	v := Check(observed, expected)
	if v.NotedMessages != 2 {
		t.Errorf("noted messages: got %d, want 2", v.NotedMessages)
	}
	if v.ModelQuestions != 1 {
		t.Errorf("questions to the model: got %d, want 1", v.ModelQuestions)
	}
}
