package checker

import (
	"slices"
	"testing"
)

// noteCases: a note names what its own customer wrote, once, and a model is asked of one conversation alone.
func noteCases() []checkCase {
	first, fifth, dora := Marker{Inbound, 1, 1}, Marker{Inbound, 1, 5}, Marker{Inbound, 2, 1}
	note := func(w *Observation, ts string, marks ...Marker) {
		w.Threads[0].Posts = append(w.Threads[0].Posts, Post{ID: ts, Token: ts, Markers: marks, NoteMarkers: marks})
	}
	return []checkCase{
		{name: "a note for each of two messages", spoil: func(w *Observation, _ *Expectation) { note(w, "10", first); note(w, "11", fifth) }},
		{name: "a note twice", spoil: func(w *Observation, _ *Expectation) { note(w, "10", first, fifth); note(w, "11", fifth) }, want: Verdict{Doubled: 1}},
		{name: "a note posted again, and it says so", spoil: func(w *Observation, _ *Expectation) {
			note(w, "10", first)
			w.Threads[0].Posts = append(w.Threads[0].Posts, Post{ID: "11", Token: "10", MaybeCopy: true, Markers: []Marker{first}, NoteMarkers: []Marker{first}})
		}, want: Verdict{MarkedCopies: 1}},
		{name: "a note without buttons posted again, and it says so", spoil: func(w *Observation, _ *Expectation) {
			w.Threads[0].Posts = append(w.Threads[0].Posts, Post{ID: "10", NoteMarkers: []Marker{first}}, Post{ID: "11", MaybeCopy: true, NoteMarkers: []Marker{first}})
		}},
		{name: "a note posted again and once more", spoil: func(w *Observation, _ *Expectation) {
			w.Threads[0].Posts = append(w.Threads[0].Posts, Post{ID: "10", NoteMarkers: []Marker{first}}, Post{ID: "11", MaybeCopy: true, NoteMarkers: []Marker{first}},
				Post{ID: "12", NoteMarkers: []Marker{first}})
		}, want: Verdict{Doubled: 1}},
		{name: "another note that says that it may be a copy", spoil: func(w *Observation, _ *Expectation) {
			note(w, "10", first)
			w.Threads[0].Posts = append(w.Threads[0].Posts, Post{ID: "11", Token: "11", MaybeCopy: true, Markers: []Marker{first}, NoteMarkers: []Marker{first}})
		}, want: Verdict{Doubled: 1}},
		{name: "a note in the wrong thread", spoil: func(w *Observation, _ *Expectation) { note(w, "10", dora) }, want: Verdict{Leaked: 1}},
		{name: "a note that quotes another customer", spoil: func(w *Observation, _ *Expectation) {
			w.Threads[0].Posts = append(w.Threads[0].Posts, Post{ID: "10", Markers: []Marker{first, dora}, NoteMarkers: []Marker{first}})
		}, want: Verdict{Leaked: 1}},
		{name: "a list outside of threads", spoil: func(w *Observation, _ *Expectation) {
			w.Threads = append(w.Threads, Thread{Root: "20", Posts: []Post{{ID: "20", Markers: []Marker{first, dora}}}})
		}},
		{name: "questions of one conversation each", spoil: func(w *Observation, _ *Expectation) {
			w.ModelQuestions = [][]Marker{{first, {Outbound, 1, 2}, fifth}, {dora}}
		}},
		{name: "a question of two conversations", spoil: func(w *Observation, _ *Expectation) { w.ModelQuestions = [][]Marker{{first, dora}} }, want: Verdict{Leaked: 1}},
		{name: "a question with what was typed for inside", spoil: func(w *Observation, _ *Expectation) {
			w.ModelQuestions = [][]Marker{{first, {Internal, 1, 3}}}
		}, want: Verdict{Leaked: 1}},
	}
}

// What a note names is found in it once, and counted in the verdict.
func TestNotedIn(t *testing.T) {
	t.Parallel()
	got := MarkersInNote("Looks urgent: “please look at inbound-c001-1”\nTicket inbound-c001-1 · Ticket inbound-c001-12")
	if want := []Marker{{Inbound, 1, 1}, {Inbound, 1, 12}}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	w, known := goodRun()
	w.Threads[0].Posts = append(w.Threads[0].Posts, Post{ID: "10", NoteMarkers: got, Markers: got})
	w.ModelQuestions = [][]Marker{got}
	if v := Check(w, known); v.NotedMessages != 2 || v.ModelQuestions != 1 {
		t.Errorf("got %d noted and %d asked, want 2 and 1", v.NotedMessages, v.ModelQuestions)
	}
}
