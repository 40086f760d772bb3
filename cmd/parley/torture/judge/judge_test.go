package judge

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"
)

// good is a world in which all promises were kept, and what is known of it.
func good() (World, Testimony) {
	s := func(n int) Mark { return Mark{Said, 1, n} }
	o := func(n int) Mark { return Mark{Out, 1, n} }
	typed := func(m Mark, root, id string) Record {
		return Record{Did: ActType, Mark: m, Conv: m.Conv, Root: root, ID: id, Heard: true}
	}
	return World{
			Threads: []Thread{
				{Root: "1", Card: "Customer 001 Unassigned · Support", Posts: []Post{
					{TS: "1", Token: "a.0"},
					{TS: "2", Name: "Cara", Token: "b.0", Marks: []Mark{s(1)}},
					{TS: "3", User: "U1", Marks: []Mark{o(2)}},
					{TS: "4", User: "U1", Marks: []Mark{{Inside, 1, 3}}},
					{TS: "5", User: "U1", Marks: []Mark{o(4), {Fixed, 1, 6}}},
					{TS: "6", Token: "c.0", Marks: []Mark{o(4)}}, // a line of ours that keeps the text
					{TS: "7", Name: "Cara", Token: "d.0", Marks: []Mark{s(5)}},
				}},
				{Root: "8", Card: "Customer 002 Unassigned · Support", Posts: []Post{{TS: "8"}, {TS: "9", Name: "Dora", Marks: []Mark{{Said, 2, 1}}},
					{TS: "9.1", User: "U1", Marks: []Mark{{Back, 2, 2}}}, {TS: "9.2", Token: "e.0", Marks: []Mark{{Back, 2, 2}}}}},
			},
			Boxes: []Box{
				{Conv: 1, Wrote: []Mark{s(1), s(5)}, Inbox: []Letter{{ID: "x", Marks: []Mark{o(2)}}, {ID: "y", Marks: []Mark{o(4), {Fixed, 1, 6}, s(1)}}}},
				{Conv: 2, Wrote: []Mark{{Said, 2, 1}}},
			},
		}, Testimony{
			Said: Ledger{
				{Did: ActWrite, Mark: s(1), Conv: 1}, {Did: ActWrite, Mark: Mark{Said, 2, 1}, Conv: 2},
				typed(o(2), "1", "3"), typed(Mark{Inside, 1, 3}, "1", "4"), typed(o(4), "1", "5"), typed(Mark{Gone, 1, 9}, "1", "5.1"),
				{Did: ActEdit, Mark: Mark{Fixed, 1, 6}, Conv: 1, Root: "1", ID: "5"}, {Did: ActDelete, Conv: 1, Root: "1", ID: "5.1"},
				{Did: ActWrite, Mark: s(5), Conv: 1}, typed(Mark{Back, 2, 2}, "8", "9.1"),
			},
			Clicks: map[Mark]Clicks{}, Answered: map[string]bool{}, Excused: map[Mark]bool{}, Late: map[string]bool{}, LateEdits: map[string]bool{}, Never: map[string]bool{},
		}
}

// TestJudge breaks each promise in an otherwise good world.
func TestJudge(t *testing.T) {
	t.Parallel()
	for _, c := range slices.Concat(threadCases(), boxCases(), clickCases(), careCases(), ledgerCases(), noteCases()) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w, known := good()
			c.spoil(&w, &known)
			got := Decide(w, known)
			c.want.Mails, c.want.Replies, c.want.Inside, c.want.Backs, c.want.Edits, c.want.Deletes, c.want.Commands, c.want.Noted, c.want.Asking =
				got.Mails, got.Replies, got.Inside, got.Backs, got.Edits, got.Deletes, got.Commands, got.Noted, got.Asking
			found := got.Findings
			if got.Findings = nil; !reflect.DeepEqual(got, c.want) {
				t.Errorf("verdict %+v, want %+v: %q", got, c.want, found)
			}
			if got.IsBad() != (len(found) > 0) || len(got.Broken()) > 0 != got.IsBad() {
				t.Errorf("bad = %v, broken %q, findings %q", got.IsBad(), got.Broken(), found)
			}
		})
	}
}

// TestJudgeCounts: what a verdict counts is what was said.
func TestJudgeCounts(t *testing.T) {
	t.Parallel()
	got := Decide(good())
	if want := (Verdict{Mails: 3, Replies: 2, Backs: 1, Inside: 1, Edits: 1, Deletes: 1}); !reflect.DeepEqual(got, want) {
		t.Errorf("verdict %+v, want %+v", got, want)
	}
}

func TestMarks(t *testing.T) {
	t.Parallel()
	m := Mark{Out, 17, 5}
	blocks := json.RawMessage(`[{"type":"section","text":{"type":"mrkdwn","text":"again out-c017-5"}},
		{"type":"actions","elements":[{"type":"button","action_id":"b:sendagain::0","text":{"type":"plain_text","text":"Send again"}}]}]`)
	if got := MarksIn(Shown("a notice, cut in out-c017-5…", nil) + Shown("", blocks) + " *inside-c001-12*."); !slices.Equal(got, []Mark{m, m, {Inside, 1, 12}}) {
		t.Errorf("marks = %v", got)
	}
	if got := MarksIn(Shown("said-c001-1 is cut: said-c001-12", blocks)); !slices.Equal(got, []Mark{m}) {
		t.Errorf("the notice counts: %v", got)
	}
	if got := MarksIn("without-c017-5 out-c17-5 out-c017"); got != nil {
		t.Errorf("found %v in other words", got)
	}
	if got := Buttons(blocks); len(got) != 1 || got["sendagain"] != "b:sendagain::0" {
		t.Errorf("buttons = %v", got)
	}
	if got := Buttons(json.RawMessage(`{`)); len(got) != 0 {
		t.Errorf("buttons of nothing = %v", got)
	}
}
