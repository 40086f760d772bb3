package judge

import (
	"slices"
	"testing"
)

// noteCases: a note names what its own customer wrote, once, and a model is asked of one conversation alone.
func noteCases() []judgeCase {
	first, fifth, dora := Mark{Said, 1, 1}, Mark{Said, 1, 5}, Mark{Said, 2, 1}
	note := func(w *World, ts string, marks ...Mark) {
		w.Threads[0].Posts = append(w.Threads[0].Posts, Post{TS: ts, Token: ts, Marks: marks, Noted: marks})
	}
	return []judgeCase{
		{name: "a note for each of two messages", spoil: func(w *World, _ *Testimony) { note(w, "10", first); note(w, "11", fifth) }},
		{name: "a note twice", spoil: func(w *World, _ *Testimony) { note(w, "10", first, fifth); note(w, "11", fifth) }, want: Verdict{Doubled: 1}},
		{name: "a note posted again, and it says so", spoil: func(w *World, _ *Testimony) {
			note(w, "10", first)
			w.Threads[0].Posts = append(w.Threads[0].Posts, Post{TS: "11", Token: "10", Again: true, Marks: []Mark{first}, Noted: []Mark{first}})
		}, want: Verdict{Twice: 1}},
		{name: "a note without buttons posted again, and it says so", spoil: func(w *World, _ *Testimony) {
			w.Threads[0].Posts = append(w.Threads[0].Posts, Post{TS: "10", Noted: []Mark{first}}, Post{TS: "11", Again: true, Noted: []Mark{first}})
		}},
		{name: "a note posted again and once more", spoil: func(w *World, _ *Testimony) {
			w.Threads[0].Posts = append(w.Threads[0].Posts, Post{TS: "10", Noted: []Mark{first}}, Post{TS: "11", Again: true, Noted: []Mark{first}},
				Post{TS: "12", Noted: []Mark{first}})
		}, want: Verdict{Doubled: 1}},
		{name: "another note that says that it may be a copy", spoil: func(w *World, _ *Testimony) {
			note(w, "10", first)
			w.Threads[0].Posts = append(w.Threads[0].Posts, Post{TS: "11", Token: "11", Again: true, Marks: []Mark{first}, Noted: []Mark{first}})
		}, want: Verdict{Doubled: 1}},
		{name: "a note in the wrong thread", spoil: func(w *World, _ *Testimony) { note(w, "10", dora) }, want: Verdict{Leaked: 1}},
		{name: "a note that quotes another customer", spoil: func(w *World, _ *Testimony) {
			w.Threads[0].Posts = append(w.Threads[0].Posts, Post{TS: "10", Marks: []Mark{first, dora}, Noted: []Mark{first}})
		}, want: Verdict{Leaked: 1}},
		{name: "a list outside of threads", spoil: func(w *World, _ *Testimony) {
			w.Threads = append(w.Threads, Thread{Root: "20", Posts: []Post{{TS: "20", Marks: []Mark{first, dora}}}})
		}},
		{name: "questions of one conversation each", spoil: func(w *World, _ *Testimony) {
			w.Asked = [][]Mark{{first, {Out, 1, 2}, fifth}, {dora}}
		}},
		{name: "a question of two conversations", spoil: func(w *World, _ *Testimony) { w.Asked = [][]Mark{{first, dora}} }, want: Verdict{Leaked: 1}},
		{name: "a question with what was typed for inside", spoil: func(w *World, _ *Testimony) {
			w.Asked = [][]Mark{{first, {Inside, 1, 3}}}
		}, want: Verdict{Leaked: 1}},
	}
}

// What a note names is found in it once, and counted in the verdict.
func TestNotedIn(t *testing.T) {
	t.Parallel()
	got := NotedIn("Looks urgent: “please look at said-c001-1”\nTicket said-c001-1 · Ticket said-c001-12")
	if want := []Mark{{Said, 1, 1}, {Said, 1, 12}}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	w, known := good()
	w.Threads[0].Posts = append(w.Threads[0].Posts, Post{TS: "10", Noted: got, Marks: got})
	w.Asked = [][]Mark{got}
	if v := Decide(w, known); v.Noted != 2 || v.Asking != 1 {
		t.Errorf("got %d noted and %d asked, want 2 and 1", v.Noted, v.Asking)
	}
}
