package torture

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"
)

// good is a world in which all promises were kept, and what is known of it.
func good() (world, testimony) {
	s := func(n int) mark { return mark{said, 1, n} }
	o := func(n int) mark { return mark{out, 1, n} }
	typed := func(m mark, root, id string) record {
		return record{Did: actType, Mark: m, Conv: m.Conv, Root: root, ID: id, Heard: true}
	}
	return world{
			Threads: []thread{
				{Root: "1", Card: "Customer 001 Unassigned · Support", Posts: []post{
					{TS: "1", Token: "a.0"},
					{TS: "2", Name: "Cara", Token: "b.0", Marks: []mark{s(1)}},
					{TS: "3", User: "U1", Marks: []mark{o(2)}},
					{TS: "4", User: "U1", Marks: []mark{{inside, 1, 3}}},
					{TS: "5", User: "U1", Marks: []mark{o(4), {fixed, 1, 6}}},
					{TS: "6", Token: "c.0", Marks: []mark{o(4)}}, // a line of ours that keeps the text
					{TS: "7", Name: "Cara", Token: "d.0", Marks: []mark{s(5)}},
				}},
				{Root: "8", Card: "Customer 002 Unassigned · Support", Posts: []post{{TS: "8"}, {TS: "9", Name: "Dora", Marks: []mark{{said, 2, 1}}},
					{TS: "9.1", User: "U1", Marks: []mark{{back, 2, 2}}}, {TS: "9.2", Token: "e.0", Marks: []mark{{back, 2, 2}}}}},
			},
			Boxes: []box{
				{Conv: 1, Wrote: []mark{s(1), s(5)}, Inbox: []letter{{ID: "x", Marks: []mark{o(2)}}, {ID: "y", Marks: []mark{o(4), {fixed, 1, 6}, s(1)}}}},
				{Conv: 2, Wrote: []mark{{said, 2, 1}}},
			},
		}, testimony{
			Said: ledger{
				{Did: actWrite, Mark: s(1), Conv: 1}, {Did: actWrite, Mark: mark{said, 2, 1}, Conv: 2},
				typed(o(2), "1", "3"), typed(mark{inside, 1, 3}, "1", "4"), typed(o(4), "1", "5"), typed(mark{gone, 1, 9}, "1", "5.1"),
				{Did: actEdit, Mark: mark{fixed, 1, 6}, Conv: 1, Root: "1", ID: "5"}, {Did: actDelete, Conv: 1, Root: "1", ID: "5.1"},
				{Did: actWrite, Mark: s(5), Conv: 1}, typed(mark{back, 2, 2}, "8", "9.1"),
			},
			Clicks: map[mark]clicks{}, Answered: map[string]bool{}, Excused: map[mark]bool{}, Late: map[string]bool{}, LateEdits: map[string]bool{}, Never: map[string]bool{},
		}
}

// TestJudge breaks each promise in an otherwise good world.
func TestJudge(t *testing.T) {
	t.Parallel()
	for _, c := range slices.Concat(threadCases(), boxCases(), clickCases(), careCases(), ledgerCases()) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w, known := good()
			c.spoil(&w, &known)
			got := judge(w, known)
			c.want.Mails, c.want.Replies, c.want.Inside, c.want.Backs, c.want.Edits, c.want.Deletes, c.want.Commands =
				got.Mails, got.Replies, got.Inside, got.Backs, got.Edits, got.Deletes, got.Commands
			found := got.Findings
			if got.Findings = nil; !reflect.DeepEqual(got, c.want) {
				t.Errorf("verdict %+v, want %+v: %q", got, c.want, found)
			}
			if got.Bad() != (len(found) > 0) || len(got.broken()) > 0 != got.Bad() {
				t.Errorf("bad = %v, broken %q, findings %q", got.Bad(), got.broken(), found)
			}
		})
	}
}

// TestJudgeCounts: what a verdict counts is what was said.
func TestJudgeCounts(t *testing.T) {
	t.Parallel()
	got := judge(good())
	if want := (Verdict{Mails: 3, Replies: 2, Backs: 1, Inside: 1, Edits: 1, Deletes: 1}); !reflect.DeepEqual(got, want) {
		t.Errorf("verdict %+v, want %+v", got, want)
	}
}

func TestMarks(t *testing.T) {
	t.Parallel()
	m := mark{out, 17, 5}
	blocks := json.RawMessage(`[{"type":"section","text":{"type":"mrkdwn","text":"again out-c017-5"}},
		{"type":"actions","elements":[{"type":"button","action_id":"b:sendagain::0","text":{"type":"plain_text","text":"Send again"}}]}]`)
	if got := marksIn(shown("a notice, cut in out-c017-5…", nil) + shown("", blocks) + " *inside-c001-12*."); !slices.Equal(got, []mark{m, m, {inside, 1, 12}}) {
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
	for _, h := range a {
		if h.Name == harmHeld && (h.At != 0 || h.For != o.Flow) {
			t.Errorf("the snapshot is not held for the whole run: %+v", h)
		}
	}
	if kills != o.Blows[harmKill] {
		t.Errorf("%d kills", kills)
	}
}
