package torture

import (
	"reflect"
	"slices"
	"testing"
)

// The tests change one thing in a good run (goodRun) and check the verdict of Check. cara and dora are the indices of its
// two customers in Observation.Threads and Observation.Mailboxes.
const (
	cara = iota
	dora
)

// inboundOf returns the marker of a customer's message: conversation 1 is Cara's, and 2 is Dora's.
func inboundOf(conversation, number int) Marker { return Marker{Inbound, conversation, number} }

// outboundTo returns the marker of a reply.
func outboundTo(conversation, number int) Marker { return Marker{Outbound, conversation, number} }

// goodRun returns the observation and the expectation of a run that kept all invariants. Cara wrote twice (1, 5). She got
// two replies (2, 4), of which the second was edited (6). A reply to her was deleted (9), and a message in her thread is
// internal (3). Dora wrote once, and the reply to her bounced.
func goodRun() (Observation, Expectation) {
	observed := Observation{
		Threads: []Thread{
			{
				Root: "1",
				Card: "Customer 001 Unassigned · Support",
				Posts: []Post{
					{ID: "1", Token: "a.0"},
					{ID: "2", CustomerName: "Cara", Token: "b.0", Markers: []Marker{inboundOf(1, 1)}},
					{ID: "3", Author: "U1", Markers: []Marker{outboundTo(1, 2)}},
					{ID: "4", Author: "U1", Markers: []Marker{{Internal, 1, 3}}},
					{ID: "5", Author: "U1", Markers: []Marker{outboundTo(1, 4), {Edited, 1, 6}}},
					{ID: "6", Token: "c.0", Markers: []Marker{outboundTo(1, 4)}}, // a line of Parley's that keeps the original text
					{ID: "7", CustomerName: "Cara", Token: "d.0", Markers: []Marker{inboundOf(1, 5)}},
				},
			},
			{
				Root: "8",
				Card: "Customer 002 Unassigned · Support",
				Posts: []Post{
					{ID: "8"},
					{ID: "9", CustomerName: "Dora", Markers: []Marker{inboundOf(2, 1)}},
					{ID: "9.1", Author: "U1", Markers: []Marker{{Bounced, 2, 2}}},
					{ID: "9.2", Token: "e.0", Markers: []Marker{{Bounced, 2, 2}}}, // a line of Parley's that tells of the bounce
				},
			},
		},
		Submissions: []Submission{{ID: "x", To: []string{"cara@x.test", "copy@x.test"}}},
		Mailboxes: []Mailbox{
			{
				Conversation: 1,
				Readers:      []string{"cara@x.test", "copy@x.test"},
				Sent:         []Marker{inboundOf(1, 1), inboundOf(1, 5)},
				Received: []Message{
					{ID: "x", Markers: []Marker{outboundTo(1, 2)}},
					{ID: "y", Markers: []Marker{outboundTo(1, 4), {Edited, 1, 6}, inboundOf(1, 1)}},
				},
			},
			{Conversation: 2, Readers: []string{"dora@x.test"}, Sent: []Marker{inboundOf(2, 1)}},
		},
	}
	expected := Expectation{
		History: History{
			{Kind: OpWrite, Marker: inboundOf(1, 1), Conversation: 1},
			{Kind: OpWrite, Marker: inboundOf(2, 1), Conversation: 2},
			posted(outboundTo(1, 2), "1", "3"),
			posted(Marker{Internal, 1, 3}, "1", "4"),
			posted(outboundTo(1, 4), "1", "5"),
			posted(Marker{Deleted, 1, 9}, "1", "5.1"),
			{Kind: OpEdit, Marker: Marker{Edited, 1, 6}, Conversation: 1, Root: "1", ID: "5"},
			{Kind: OpDelete, Conversation: 1, Root: "1", ID: "5.1"},
			{Kind: OpWrite, Marker: inboundOf(1, 5), Conversation: 1},
			posted(Marker{Bounced, 2, 2}, "8", "9.1"),
		},
		Clicks:     map[Marker]Clicks{},
		ActedIn:    map[string]bool{},
		Excused:    map[Marker]bool{},
		LateEvents: map[string]bool{},
		LateEdits:  map[string]bool{},
		LostEvents: map[string]bool{},
	}
	return observed, expected
}

// posted returns the operation of a teammate who posts a message in a thread.
func posted(m Marker, root, id string) Operation {
	return Operation{Kind: OpPost, Marker: m, Conversation: m.Conversation, Root: root, ID: id, Announced: true}
}

// post returns a pointer to the post with this id, of any thread.
func (o *Observation) post(id string) *Post {
	for i := range o.Threads {
		posts := o.Threads[i].Posts
		if k := slices.IndexFunc(posts, func(p Post) bool { return p.ID == id }); k >= 0 {
			return &posts[k]
		}
	}
	panic("the good run has no post " + id)
}

// addPost adds a post to a customer's thread.
func (o *Observation) addPost(customer int, p Post) {
	o.Threads[customer].Posts = append(o.Threads[customer].Posts, p)
}

// removePost removes a post from its thread.
func (o *Observation) removePost(id string) {
	for i := range o.Threads {
		o.Threads[i].Posts = slices.DeleteFunc(o.Threads[i].Posts, func(p Post) bool { return p.ID == id })
	}
}

// addReceived adds a message to what a customer received.
func (o *Observation) addReceived(customer int, markers ...Marker) {
	o.Mailboxes[customer].Received = append(o.Mailboxes[customer].Received, Message{ID: "z", Markers: markers})
}

// withoutTotals returns a verdict without the totals and the descriptions of violations.
func withoutTotals(v Verdict) Verdict {
	v.Mails, v.Replies, v.Internal = 0, 0, 0
	v.Edits, v.Deletes, v.Commands, v.Bounced = 0, 0, 0, 0
	v.Files = 0
	v.Violations = nil
	return v
}

// checkCase is a change of the good run, and the counts that Check must return for it.
type checkCase struct {
	name   string
	change func(*Observation, *Expectation)
	want   Verdict // without totals
}

// runCheckCases checks that each change of the good run has exactly the wanted effect on the verdict.
func runCheckCases(t *testing.T, cases []checkCase) {
	t.Helper()
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			observed, expected := goodRun()
			tt.change(&observed, &expected)
			got := Check(observed, expected)
			if counts := withoutTotals(got); !reflect.DeepEqual(counts, tt.want) {
				t.Errorf("got the verdict %+v, want %+v; violations %q", counts, tt.want, got.Violations)
			}

			isDescribed := len(got.Violations) > 0
			hasNames := len(FormatTallies(got.Tallies())) > 0
			if hasNames != isDescribed {
				t.Errorf("Tallies: got %q with the violations %q", FormatTallies(got.Tallies()), got.Violations)
			}
		})
	}
}

// Check finds no violation in a good run.
func TestCheckGoodRun(t *testing.T) {
	t.Parallel()
	got := Check(goodRun())
	if counts := withoutTotals(got); !reflect.DeepEqual(counts, Verdict{}) {
		t.Errorf("got the verdict %+v, want no deviation", counts)
	}
	if names := FormatTallies(got.Tallies()); len(names) > 0 {
		t.Errorf("Tallies: got %q, want none", names)
	}
}
