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

// TestMarksOf: text and HTML are two forms of one text; what a form says twice was sent twice.
func TestMarksOf(t *testing.T) {
	t.Parallel()
	m := judge.Mark{Kind: judge.Out, Conv: 1, N: 2}
	for name, c := range map[string]struct {
		mail mailfake.Received
		want int
	}{
		"both forms":       {mailfake.Received{Text: "out-c001-2", HTML: "<p>out-c001-2</p>"}, 1},
		"text alone":       {mailfake.Received{Text: "out-c001-2"}, 1},
		"HTML alone":       {mailfake.Received{Text: "see below", HTML: "<p>out-c001-2</p>"}, 1},
		"twice in text":    {mailfake.Received{Text: "out-c001-2\n\nout-c001-2", HTML: "<p>out-c001-2</p>"}, 2},
		"twice in HTML":    {mailfake.Received{Text: "out-c001-2", HTML: "<p>out-c001-2</p><p>out-c001-2</p>"}, 2},
		"in the subject":   {mailfake.Received{Subject: "out-c001-2", Text: "out-c001-2"}, 2},
		"in an attachment": {mailfake.Received{Text: "out-c001-2", Attachments: []mailfake.Attachment{{Name: "a.txt", Content: []byte("out-c001-2")}}}, 2},
	} {
		if got := judge.Count(marksOf(c.mail), m); got != c.want {
			t.Errorf("%s: %d times, want %d", name, got, c.want)
		}
	}
	if got := marksOf(mailfake.Received{Text: "out-c001-2\nout-c001-4", HTML: "out-c001-2 out-c001-4"}); !slices.Equal(got, []judge.Mark{m, {Kind: judge.Out, Conv: 1, N: 4}}) {
		t.Errorf("order %v", got)
	}
}

// TestSubjectOf: a line is about one reply, whatever else it quotes of it.
func TestSubjectOf(t *testing.T) {
	t.Parallel()
	m := judge.Mark{Kind: judge.Out, Conv: 1, N: 2}
	for text, want := range map[string]judge.Mark{
		"not sent: out-c001-2": m, "not sent: out-c001-2 (corrected: fixed-c001-3) out-c001-2": m,
		"out-c001-2 out-c001-4": {}, "inside-c001-3": {}, "nothing": {}, "out-c001-2 said-c001-1": {}, "fixed-c001-3": {},
	} {
		if got := subjectOf(judge.Post{Marks: judge.MarksIn(text)}); got != want {
			t.Errorf("%q is about %v, want %v", text, got, want)
		}
	}
}

// TestPress: a click excuses a place in the order; one more copy only where nobody could tell,
// and only if it asked for one.
func TestPress(t *testing.T) {
	t.Parallel()
	m := judge.Mark{Kind: judge.Out, Conv: 1, N: 2}
	for _, c := range []struct {
		name           string
		unclear, again bool
		want           judge.Clicks
	}{
		{"send", false, false, judge.Clicks{Sent: 1}},
		{"send again what failed for certain", false, true, judge.Clicks{Sent: 1}},
		{"send again what is unclear", true, true, judge.Clicks{Sent: 1, Again: 1}},
		{"mark as sent", true, false, judge.Clicks{Sent: 1}},
	} {
		o := newOracle()
		o.recordClick("1", m, c.unclear, c.again)
		if o.testimony.Clicks[m] != c.want || !o.testimony.Answered["1"] || o.unclear[m] != c.unclear || o.asked[m] == c.unclear {
			t.Errorf("%s: %+v", c.name, o.testimony.Clicks[m])
		}
	}
}

// TestButtonGone: a button that went between the look and the click is no fault of the run.
func TestButtonGone(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusConflict) }))
	t.Cleanup(srv.Close)
	for name, w := range map[string]world.Wire{"slack": {Slack: srv.URL}, "teams": {Teams: srv.URL}} {
		chat := w.Platform()
		if err := chat.Click(t.Context(), "U1", "1", "send"); !errors.Is(err, world.ErrNotTaken) {
			t.Errorf("%s: %v, want %v", name, err, world.ErrNotTaken)
		}
	}
}
