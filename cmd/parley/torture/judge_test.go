package torture

import (
	"encoding/json"
	"slices"
	"testing"
)

// good is a world in which all promises were kept.
func good() world {
	s := func(n int) mark { return mark{said, 1, n} }
	o := func(n int) mark { return mark{out, 1, n} }
	return world{
		Threads: []thread{
			{Root: "1", Card: "Customer 001 Unassigned · Support", Posts: []post{
				{TS: "1", Token: "a.0"},
				{TS: "2", Name: "Cara", Token: "b.0", Marks: []mark{s(1)}},
				{TS: "3", User: "U1", Marks: []mark{o(2)}},
				{TS: "4", User: "U1", Marks: []mark{{inside, 1, 3}}},
				{TS: "5", User: "U1", Marks: []mark{o(4)}},
				{TS: "6", Token: "c.0", Marks: []mark{o(4)}}, // a line of ours that keeps the text
				{TS: "7", Name: "Cara", Token: "d.0", Marks: []mark{s(5)}},
			}},
			{Root: "8", Card: "Customer 002 Unassigned · Support", Posts: []post{{TS: "8"}, {TS: "9", Name: "Dora", Marks: []mark{{said, 2, 1}}},
				{TS: "9.1", User: "U1", Marks: []mark{{back, 2, 2}}}, {TS: "9.2", Token: "e.0", Marks: []mark{{back, 2, 2}}}}},
		},
		Boxes: []box{
			{Conv: 1, Wrote: []mark{s(1), s(5)}, Inbox: []letter{{ID: "x", Marks: []mark{o(2)}}, {ID: "y", Marks: []mark{o(4), s(1)}}}},
			{Conv: 2, Wrote: []mark{{said, 2, 1}}},
		},
	}
}

// TestJudge breaks each promise in an otherwise good world.
func TestJudge(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name  string
		spoil func(*world)
		click mark
		late  mark
		want  Verdict

		replies int // more than in the good world
	}{
		{name: "all kept"},
		{name: "mail in no thread", spoil: func(w *world) { w.Threads[1].Posts = nil }, want: Verdict{Lost: 1}},
		{name: "mail posted twice", spoil: func(w *world) {
			w.Threads[1].Posts = append(w.Threads[1].Posts, post{TS: "10", Name: "Dora", Marks: []mark{{said, 2, 1}}})
		}, want: Verdict{Doubled: 1}},
		{name: "mail shown twice, and it says so", spoil: func(w *world) {
			w.Threads[1].Posts = append(w.Threads[1].Posts, post{TS: "10", Name: "Dora", Again: true, Marks: []mark{{said, 2, 1}}})
		}, want: Verdict{Twice: 1}},
		{name: "mail shown twice, the first attempt last", spoil: func(w *world) {
			w.Threads[1].Posts[1].Again = true
			w.Threads[1].Posts = append(w.Threads[1].Posts, post{TS: "10", Name: "Dora", Marks: []mark{{said, 2, 1}}})
		}, want: Verdict{Twice: 1}},
		{name: "one line posted twice, and it says so", spoil: func(w *world) {
			w.Threads[0].Posts = append(w.Threads[0].Posts, post{TS: "10", Token: "c.0", Again: true})
		}, want: Verdict{Twice: 1}},
		{name: "one delivery posted twice", spoil: func(w *world) {
			w.Threads[0].Posts = append(w.Threads[0].Posts, post{TS: "10", Token: "c.0"})
		}, want: Verdict{Doubled: 1}},
		{name: "mails posted in the wrong order", spoil: func(w *world) {
			p := w.Threads[0].Posts
			p[1].Marks, p[6].Marks = p[6].Marks, p[1].Marks
		}, want: Verdict{Reordered: 1}},
		{name: "mail in a second thread", spoil: func(w *world) {
			w.Threads[0].Posts = w.Threads[0].Posts[:6]
			w.Threads = append(w.Threads, thread{Root: "20", Card: "Support", Posts: []post{{TS: "21", Name: "Cara", Marks: []mark{{said, 1, 5}}}}})
		}, want: Verdict{Scattered: 1}},
		{name: "mail in another customer's thread", spoil: func(w *world) {
			w.Threads[1].Posts = append(w.Threads[1].Posts, w.Threads[0].Posts[6])
			w.Threads[0].Posts = w.Threads[0].Posts[:6]
		}, want: Verdict{Leaked: 1, Scattered: 1}},
		{name: "reply reached nobody", spoil: func(w *world) { w.Boxes[0].Inbox = w.Boxes[0].Inbox[:1] }, want: Verdict{Lost: 1}},
		{name: "reply of which nobody told Parley", spoil: func(w *world) {
			w.Threads[0].Posts[4].Untold = true
			w.Boxes[0].Inbox = w.Boxes[0].Inbox[:1]
		}, want: Verdict{Untold: 1}},
		{name: "reply twice, though nobody told Parley", spoil: func(w *world) {
			w.Threads[0].Posts[4].Untold = true
			w.Boxes[0].Inbox = append(w.Boxes[0].Inbox, w.Boxes[0].Inbox[1])
		}, want: Verdict{Doubled: 1}},
		{name: "reply twice", spoil: func(w *world) {
			w.Boxes[0].Inbox = append(w.Boxes[0].Inbox, w.Boxes[0].Inbox[1])
		}, want: Verdict{Doubled: 1}},
		{name: "reply twice, as a person asked", click: mark{out, 1, 4}, spoil: func(w *world) {
			w.Boxes[0].Inbox = append(w.Boxes[0].Inbox, w.Boxes[0].Inbox[1])
		}},
		{name: "replies in the wrong order", spoil: func(w *world) { slices.Reverse(w.Boxes[0].Inbox) }, want: Verdict{Reordered: 1}},
		{name: "order of what Slack told late", late: mark{out, 1, 2}, spoil: func(w *world) { slices.Reverse(w.Boxes[0].Inbox) }},
		{name: "order by a click", click: mark{out, 1, 2}, spoil: func(w *world) { slices.Reverse(w.Boxes[0].Inbox) }},
		{name: "internal text in a mailbox", spoil: func(w *world) {
			w.Boxes[0].Inbox[0].Marks = append(w.Boxes[0].Inbox[0].Marks, mark{inside, 1, 3})
		}, want: Verdict{Leaked: 1}},
		{name: "another customer's reply", spoil: func(w *world) {
			w.Boxes[1].Inbox = append(w.Boxes[1].Inbox, letter{ID: "z", Marks: []mark{{out, 1, 4}}})
		}, want: Verdict{Leaked: 1}},
		{name: "another customer's words, quoted", spoil: func(w *world) {
			w.Boxes[1].Inbox = append(w.Boxes[1].Inbox, letter{ID: "z", Marks: []mark{{said, 1, 1}}})
		}, want: Verdict{Leaked: 1}},
		{name: "deleted in the hold", spoil: func(w *world) {
			w.Boxes[0].Inbox = append(w.Boxes[0].Inbox, letter{ID: "z", Marks: []mark{{gone, 1, 9}}})
		}, want: Verdict{Late: 1}},
		{name: "deleted in the hold, and Slack could not tell", spoil: func(w *world) {
			w.Boxes[0].Inbox = append(w.Boxes[0].Inbox, letter{ID: "z", Marks: []mark{{gone, 1, 10}}})
		}},
		{name: "a bounce that nobody was told of", spoil: func(w *world) { w.Threads[1].Posts = w.Threads[1].Posts[:3] }, want: Verdict{Lost: 1}},
		{name: "a waiting customer's conversation is resolved", spoil: func(w *world) { w.Threads[0].Card = "Customer 001 · Resolved" }, want: Verdict{Forgotten: 1}},
		{name: "resolved before the customer's words were shown", spoil: func(w *world) {
			w.Threads[0].Card = "Customer 001 · Resolved"
			w.Threads[0].Posts[5].Resolve = true
		}, want: Verdict{Unseen: 1}},
		{name: "a resolved conversation whose customer was answered", spoil: func(w *world) {
			w.Threads[0].Card = "Customer 001 · Resolved"
			w.Threads[0].Posts = append(w.Threads[0].Posts, post{TS: "8", User: "U1", Marks: []mark{{out, 1, 6}}})
			w.Boxes[0].Inbox = append(w.Boxes[0].Inbox, letter{ID: "z", Marks: []mark{{out, 1, 6}}})
		}, replies: 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := good()
			if c.spoil != nil {
				c.spoil(&w)
			}
			got := judge(w, map[mark]bool{c.click: true}, map[mark]bool{{gone, 1, 10}: true, c.late: true})
			if got.Lost != c.want.Lost || got.Doubled != c.want.Doubled || got.Reordered != c.want.Reordered || got.Leaked != c.want.Leaked ||
				got.Scattered != c.want.Scattered || got.Late != c.want.Late || got.Forgotten != c.want.Forgotten ||
				got.Unseen != c.want.Unseen || got.Twice != c.want.Twice || got.Untold != c.want.Untold {
				t.Errorf("verdict %+v, want %+v", got, c.want)
			}
			if got.Bad() != c.want.Bad() || got.Bad() != (len(got.Findings) > 0) {
				t.Errorf("bad = %v, findings %q", got.Bad(), got.Findings)
			}
			if got.Mails != 3 || got.Replies != 2+c.replies || got.Backs != min(1, len(w.Threads[1].Posts)/3) || got.Inside != 1 {
				t.Errorf("counted %d mails, %d replies, %d inside", got.Mails, got.Replies, got.Inside)
			}
		})
	}
}

func TestMarks(t *testing.T) {
	t.Parallel()
	m := mark{out, 17, 5}
	blocks := json.RawMessage(`[{"type":"section","text":{"type":"mrkdwn","text":"again out-c017-5"}},
		{"type":"actions","elements":[{"type":"button","action_id":"b:sendagain::0","text":{"type":"plain_text","text":"Send again"}}]}]`)
	if got := marksIn(shown("a notice, cut in out-c017-5…", nil) + shown("", blocks) + " *inside-c001-12*."); !slices.Equal(got, []mark{m, {inside, 1, 12}}) {
		t.Errorf("marks = %v", got)
	}
	if got := marksIn(shown("said-c001-1 is cut: said-c001-12", blocks)); !slices.Equal(got, []mark{m}) {
		t.Errorf("the notice counts: %v", got)
	}
	if got := marksIn("without-c017-5 out-c17-5 out-c017"); got != nil {
		t.Errorf("found %v in other words", got)
	}
	if got := buttons(blocks); len(got) != 1 || got["sendagain"] != "b:sendagain::0" {
		t.Errorf("buttons = %v", got)
	}
	if got := buttons(json.RawMessage(`{`)); len(got) != 0 {
		t.Errorf("buttons of nothing = %v", got)
	}
}

// TestSchedule: the seed alone decides, and every blow falls into the flow.
func TestSchedule(t *testing.T) {
	t.Parallel()
	o := Plan(Quick(Options{Replicas: 3}))
	a, b := schedule(7, o), schedule(7, o)
	if !slices.Equal(a, b) || slices.Equal(a, schedule(8, o)) {
		t.Error("the schedule does not follow from the seed")
	}
	kills := 0
	for i, h := range a {
		if h.At < 0 || h.At >= o.Flow || i > 0 && h.At < a[i-1].At || h.N < 0 || h.N >= o.Replicas {
			t.Errorf("blow %d: %+v", i, h)
		}
		if h.Name == harmKill {
			kills++
		}
	}
	if kills != o.Blows[harmKill] {
		t.Errorf("%d kills", kills)
	}
}
