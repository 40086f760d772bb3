package checker

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"testing"
)

// goodRun is a world in which all promises were kept, and what is known of it.
func goodRun() (Observation, Expectation) {
	s := func(n int) Marker { return Marker{Inbound, 1, n} }
	o := func(n int) Marker { return Marker{Outbound, 1, n} }
	typed := func(m Marker, root, id string) Operation {
		return Operation{Kind: OpPost, Marker: m, Conversation: m.Conversation, Root: root, ID: id, Announced: true}
	}
	return Observation{
			Threads: []Thread{
				{Root: "1", Card: "Customer 001 Unassigned · Support", Posts: []Post{
					{ID: "1", Token: "a.0"},
					{ID: "2", CustomerName: "Cara", Token: "b.0", Markers: []Marker{s(1)}},
					{ID: "3", Author: "U1", Markers: []Marker{o(2)}},
					{ID: "4", Author: "U1", Markers: []Marker{{Internal, 1, 3}}},
					{ID: "5", Author: "U1", Markers: []Marker{o(4), {Edited, 1, 6}}},
					{ID: "6", Token: "c.0", Markers: []Marker{o(4)}}, // a line of ours that keeps the text
					{ID: "7", CustomerName: "Cara", Token: "d.0", Markers: []Marker{s(5)}},
				}},
				{Root: "8", Card: "Customer 002 Unassigned · Support", Posts: []Post{{ID: "8"}, {ID: "9", CustomerName: "Dora", Markers: []Marker{{Inbound, 2, 1}}},
					{ID: "9.1", Author: "U1", Markers: []Marker{{Bounced, 2, 2}}}, {ID: "9.2", Token: "e.0", Markers: []Marker{{Bounced, 2, 2}}}}},
			},
			Mailboxes: []Mailbox{
				{Conversation: 1, Sent: []Marker{s(1), s(5)}, Received: []Message{{ID: "x", Markers: []Marker{o(2)}}, {ID: "y", Markers: []Marker{o(4), {Edited, 1, 6}, s(1)}}}},
				{Conversation: 2, Sent: []Marker{{Inbound, 2, 1}}},
			},
		}, Expectation{
			History: History{
				{Kind: OpWrite, Marker: s(1), Conversation: 1}, {Kind: OpWrite, Marker: Marker{Inbound, 2, 1}, Conversation: 2},
				typed(o(2), "1", "3"), typed(Marker{Internal, 1, 3}, "1", "4"), typed(o(4), "1", "5"), typed(Marker{Deleted, 1, 9}, "1", "5.1"),
				{Kind: OpEdit, Marker: Marker{Edited, 1, 6}, Conversation: 1, Root: "1", ID: "5"}, {Kind: OpDelete, Conversation: 1, Root: "1", ID: "5.1"},
				{Kind: OpWrite, Marker: s(5), Conversation: 1}, typed(Marker{Bounced, 2, 2}, "8", "9.1"),
			},
			Clicks: map[Marker]Clicks{}, ActedIn: map[string]bool{}, Excused: map[Marker]bool{}, LateEvents: map[string]bool{}, LateEdits: map[string]bool{}, LostEvents: map[string]bool{},
		}
}

// Each promise that is broken in an otherwise good world shows in the verdict, and nothing else does.
func TestJudge(t *testing.T) {
	t.Parallel()
	for _, c := range slices.Concat(threadCases(), boxCases(), clickCases(), careCases(), ledgerCases(), noteCases()) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w, known := goodRun()
			c.spoil(&w, &known)
			got := Check(w, known)
			// How much was seen is TestJudgeCounts' matter.
			c.want.Mails, c.want.Replies, c.want.Internal, c.want.Bounced, c.want.Edits, c.want.Deletes, c.want.Commands, c.want.NotedMessages, c.want.ModelQuestions =
				got.Mails, got.Replies, got.Internal, got.Bounced, got.Edits, got.Deletes, got.Commands, got.NotedMessages, got.ModelQuestions
			found := got.Violations
			if got.Violations = nil; !reflect.DeepEqual(got, c.want) {
				t.Errorf("got the verdict %+v, want %+v; findings %q", got, c.want, found)
			}
			hasFindings, isBroken := len(found) > 0, len(got.ViolatedInvariants()) > 0
			if got.HasViolations() != hasFindings || isBroken != got.HasViolations() {
				t.Errorf("IsBad %t, Broken %q, findings %q: want all or none", got.HasViolations(), got.ViolatedInvariants(), found)
			}
		})
	}
}

// A verdict counts what was said.
func TestJudgeCounts(t *testing.T) {
	t.Parallel()
	got := Check(goodRun())
	if want := (Verdict{Mails: 3, Replies: 2, Bounced: 1, Internal: 1, Edits: 1, Deletes: 1}); !reflect.DeepEqual(got, want) {
		t.Errorf("verdict %+v, want %+v", got, want)
	}
}

const againButton = `[{"type":"section","text":{"type":"mrkdwn","text":"again outbound-c017-5"}},
	{"type":"actions","elements":[{"type":"button","action_id":"b:sendagain::0","text":{"type":"plain_text","text":"Send again"}}]}]`

// Marks are found in what people read, each as often as it stands there.
func TestMarksIn(t *testing.T) {
	t.Parallel()
	m := Marker{Outbound, 17, 5}
	blocks := json.RawMessage(againButton)
	for _, c := range []struct {
		name, text string
		want       []Marker
	}{
		{name: "notice, blocks and markup", text: ShownText("a notice, cut in outbound-c017-5…", nil) + ShownText("", blocks) + " *internal-c001-12*.", want: []Marker{m, m, {Internal, 1, 12}}},
		{name: "blocks take the notice's place", text: ShownText("inbound-c001-1 is cut: inbound-c001-12", blocks), want: []Marker{m}},
		{name: "other words", text: "without-c017-5 outbound-c17-5 outbound-c017"},
	} {
		if got := MarkersIn(c.text); !slices.Equal(got, c.want) {
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
		if got := ButtonsIn(json.RawMessage(blocks)); !maps.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", blocks, got, want)
		}
	}
}
