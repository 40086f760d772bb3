package judge

import (
	"encoding/json"
	"maps"
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

// Each promise that is broken in an otherwise good world shows in the verdict, and nothing else does.
func TestJudge(t *testing.T) {
	t.Parallel()
	for _, c := range slices.Concat(threadCases(), boxCases(), clickCases(), careCases(), ledgerCases(), noteCases()) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w, known := good()
			c.spoil(&w, &known)
			got := Decide(w, known)
			// How much was seen is TestJudgeCounts' matter.
			c.want.Mails, c.want.Replies, c.want.Inside, c.want.Backs, c.want.Edits, c.want.Deletes, c.want.Commands, c.want.Noted, c.want.Asking =
				got.Mails, got.Replies, got.Inside, got.Backs, got.Edits, got.Deletes, got.Commands, got.Noted, got.Asking
			found := got.Findings
			if got.Findings = nil; !reflect.DeepEqual(got, c.want) {
				t.Errorf("got the verdict %+v, want %+v; findings %q", got, c.want, found)
			}
			hasFindings, isBroken := len(found) > 0, len(got.Broken()) > 0
			if got.IsBad() != hasFindings || isBroken != got.IsBad() {
				t.Errorf("IsBad %t, Broken %q, findings %q: want all or none", got.IsBad(), got.Broken(), found)
			}
		})
	}
}

// A verdict counts what was said.
func TestJudgeCounts(t *testing.T) {
	t.Parallel()
	got := Decide(good())
	if want := (Verdict{Mails: 3, Replies: 2, Backs: 1, Inside: 1, Edits: 1, Deletes: 1}); !reflect.DeepEqual(got, want) {
		t.Errorf("verdict %+v, want %+v", got, want)
	}
}

const againButton = `[{"type":"section","text":{"type":"mrkdwn","text":"again out-c017-5"}},
	{"type":"actions","elements":[{"type":"button","action_id":"b:sendagain::0","text":{"type":"plain_text","text":"Send again"}}]}]`

// Marks are found in what people read, each as often as it stands there.
func TestMarksIn(t *testing.T) {
	t.Parallel()
	m := Mark{Out, 17, 5}
	blocks := json.RawMessage(againButton)
	for _, c := range []struct {
		name, text string
		want       []Mark
	}{
		{name: "notice, blocks and markup", text: Shown("a notice, cut in out-c017-5…", nil) + Shown("", blocks) + " *inside-c001-12*.", want: []Mark{m, m, {Inside, 1, 12}}},
		{name: "blocks take the notice's place", text: Shown("said-c001-1 is cut: said-c001-12", blocks), want: []Mark{m}},
		{name: "other words", text: "without-c017-5 out-c17-5 out-c017"},
	} {
		if got := MarksIn(c.text); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

// Buttons are known by their verbs.
func TestButtons(t *testing.T) {
	t.Parallel()
	for blocks, want := range map[string]map[string]string{
		againButton: {"sendagain": "b:sendagain::0"},
		`{`:         {},
	} {
		if got := Buttons(json.RawMessage(blocks)); !maps.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", blocks, got, want)
		}
	}
}
