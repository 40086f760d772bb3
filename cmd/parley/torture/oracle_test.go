package torture

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"parley/channels/email/mailfake"
	"parley/cmd/parley/torture/judge"
	"parley/cmd/parley/torture/world"
)

// reply is the mark out-c001-2.
func reply() judge.Mark { return judge.Mark{Kind: judge.Out, Conv: 1, N: 2} }

// Text and HTML are two forms of one text: a mark in both of them was sent once, a mark twice in one of them twice.
func TestMarksOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		mail mailfake.Received
		want int // how often the reply was sent
	}{
		{name: "both forms", mail: mailfake.Received{Text: "out-c001-2", HTML: "<p>out-c001-2</p>"}, want: 1},
		{name: "text alone", mail: mailfake.Received{Text: "out-c001-2"}, want: 1},
		{name: "HTML alone", mail: mailfake.Received{Text: "see below", HTML: "<p>out-c001-2</p>"}, want: 1},
		{name: "twice in text", mail: mailfake.Received{Text: "out-c001-2\n\nout-c001-2", HTML: "<p>out-c001-2</p>"}, want: 2},
		{name: "twice in HTML", mail: mailfake.Received{Text: "out-c001-2", HTML: "<p>out-c001-2</p><p>out-c001-2</p>"}, want: 2},
		{name: "also in the subject", mail: mailfake.Received{Subject: "out-c001-2", Text: "out-c001-2"}, want: 2},
		{name: "also in an attachment", want: 2, mail: mailfake.Received{
			Text: "out-c001-2", Attachments: []mailfake.Attachment{{Name: "a.txt", Content: []byte("out-c001-2")}},
		}},
	} {
		if got := judge.Count(marksOf(c.mail), reply()); got != c.want {
			t.Errorf("%s: got %d, want %d", c.name, got, c.want)
		}
	}
}

// Marks are returned in the order in which the mail shows them.
func TestMarksOfOrder(t *testing.T) {
	t.Parallel()
	got := marksOf(mailfake.Received{Text: "out-c001-2\nout-c001-4", HTML: "out-c001-2 out-c001-4"})
	if want := []judge.Mark{reply(), {Kind: judge.Out, Conv: 1, N: 4}}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// A line of Parley's is about the only reply that it names; corrected words of that reply may stand beside it.
func TestSubjectOf(t *testing.T) {
	t.Parallel()
	none := judge.Mark{}
	for text, want := range map[string]judge.Mark{
		"not sent: out-c001-2": reply(),
		"not sent: out-c001-2 (corrected: fixed-c001-3) out-c001-2": reply(),
		"out-c001-2 out-c001-4":  none, // two replies
		"out-c001-2 said-c001-1": none, // also a customer's words
		"inside-c001-3":          none,
		"fixed-c001-3":           none,
		"nothing":                none,
	} {
		if got := subjectOf(judge.Post{Marks: judge.MarksIn(text)}); got != want {
			t.Errorf("%q is about %v, want %v", text, got, want)
		}
	}
}

// After a click about a reply, the customer may have it later than others. She may have it once more only if nobody could tell
// whether it had been sent, and the click asked for another try.
func TestRecordClick(t *testing.T) {
	t.Parallel()
	const root = "1"
	for _, c := range []struct {
		name    string
		unclear bool // nobody can tell whether the reply was sent
		again   bool // the click sends it once more
		want    judge.Clicks
	}{
		{name: "send", want: judge.Clicks{Sent: 1}},
		{name: "send again what failed for certain", again: true, want: judge.Clicks{Sent: 1}},
		{name: "send again what is unclear", unclear: true, again: true, want: judge.Clicks{Sent: 1, Again: 1}},
		{name: "mark as sent", unclear: true, want: judge.Clicks{Sent: 1}},
	} {
		o := newOracle()
		o.recordClick(root, reply(), c.unclear, c.again)
		if got := o.testimony.Clicks[reply()]; got != c.want {
			t.Errorf("%s: clicks: got %+v, want %+v", c.name, got, c.want)
		}
		if !o.testimony.Answered[root] {
			t.Errorf("%s: the thread's question doesn't count as answered", c.name)
		}
		if unclear, asked := o.unclear[reply()], o.asked[reply()]; unclear != c.unclear || asked == c.unclear {
			t.Errorf("%s: got unclear %t, asked %t; want %t, %t", c.name, unclear, asked, c.unclear, !c.unclear)
		}
	}
}

// A chat refuses a click on a button that has gone since it was seen. The oracle gets ErrNotTaken, which spoils no run.
func TestClickOnRemovedButton(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusConflict) }))
	t.Cleanup(srv.Close)
	for name, w := range map[string]world.Wire{"slack": {Slack: srv.URL}, "teams": {Teams: srv.URL}} {
		if err := w.Platform().Click(t.Context(), "U1", "1", "send"); !errors.Is(err, world.ErrNotTaken) {
			t.Errorf("%s: got %v, want %v", name, err, world.ErrNotTaken)
		}
	}
}
