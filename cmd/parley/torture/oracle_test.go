package torture

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"parley/channels/email/mailfake"
	"parley/cmd/parley/torture/checker"
	"parley/cmd/parley/torture/emulators"
)

// reply is the mark outbound-c001-2.
func reply() checker.Marker {
	return checker.Marker{Kind: checker.Outbound, Conversation: 1, Number: 2}
}

// Text and HTML are two forms of one text: a mark in both of them was sent once, a mark twice in one of them twice.
func TestMarksOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		mail mailfake.Received
		want int // how often the reply was sent
	}{
		{name: "both forms", mail: mailfake.Received{Text: "outbound-c001-2", HTML: "<p>outbound-c001-2</p>"}, want: 1},
		{name: "text alone", mail: mailfake.Received{Text: "outbound-c001-2"}, want: 1},
		{name: "HTML alone", mail: mailfake.Received{Text: "see below", HTML: "<p>outbound-c001-2</p>"}, want: 1},
		{name: "twice in text", mail: mailfake.Received{Text: "outbound-c001-2\n\noutbound-c001-2", HTML: "<p>outbound-c001-2</p>"}, want: 2},
		{name: "twice in HTML", mail: mailfake.Received{Text: "outbound-c001-2", HTML: "<p>outbound-c001-2</p><p>outbound-c001-2</p>"}, want: 2},
		{name: "also in the subject", mail: mailfake.Received{Subject: "outbound-c001-2", Text: "outbound-c001-2"}, want: 2},
		{name: "also in an attachment", want: 2, mail: mailfake.Received{
			Text: "outbound-c001-2", Attachments: []mailfake.Attachment{{Name: "a.txt", Content: []byte("outbound-c001-2")}},
		}},
	} {
		if got := checker.Count(markersOf(c.mail), reply()); got != c.want {
			t.Errorf("%s: got %d, want %d", c.name, got, c.want)
		}
	}
}

// Marks are returned in the order in which the mail shows them.
func TestMarksOfOrder(t *testing.T) {
	t.Parallel()
	got := markersOf(mailfake.Received{Text: "outbound-c001-2\noutbound-c001-4", HTML: "outbound-c001-2 outbound-c001-4"})
	if want := []checker.Marker{reply(), {Kind: checker.Outbound, Conversation: 1, Number: 4}}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// A line of Parley's is about the only reply that it names; corrected words of that reply may stand beside it.
func TestSubjectOf(t *testing.T) {
	t.Parallel()
	none := checker.Marker{}
	for text, want := range map[string]checker.Marker{
		"not sent: outbound-c001-2": reply(),
		"not sent: outbound-c001-2 (corrected: edited-c001-3) outbound-c001-2": reply(),
		"outbound-c001-2 outbound-c001-4":                                      none, // two replies
		"outbound-c001-2 inbound-c001-1":                                       none, // also a customer's words
		"internal-c001-3":                                                      none,
		"edited-c001-3":                                                        none,
		"nothing":                                                              none,
	} {
		if got := subjectOf(checker.Post{Markers: checker.MarkersIn(text)}); got != want {
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
		want    checker.Clicks
	}{
		{name: "send", want: checker.Clicks{Sends: 1}},
		{name: "send again what failed for certain", again: true, want: checker.Clicks{Sends: 1}},
		{name: "send again what is unclear", unclear: true, again: true, want: checker.Clicks{Sends: 1, Resends: 1}},
		{name: "mark as sent", unclear: true, want: checker.Clicks{Sends: 1}},
	} {
		o := newOracle()
		o.recordClick(root, reply(), c.unclear, c.again)
		if got := o.expectation.Clicks[reply()]; got != c.want {
			t.Errorf("%s: clicks: got %+v, want %+v", c.name, got, c.want)
		}
		if !o.expectation.ActedIn[root] {
			t.Errorf("%s: the thread's question doesn't count as answered", c.name)
		}
		if unclear, asked := o.unclear[reply()], o.asked[reply()]; unclear != c.unclear || asked == c.unclear {
			t.Errorf("%s: got unclear %t, asked %t; want %t, %t", c.name, unclear, asked, c.unclear, !c.unclear)
		}
	}
}

// A chat refuses a click on a button that has gone since it was seen. The oracle gets ErrClickIgnored, which spoils no run.
func TestClickOnRemovedButton(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusConflict) }))
	t.Cleanup(srv.Close)
	for name, w := range map[string]emulators.Client{"slack": {Slack: srv.URL}, "teams": {Teams: srv.URL}} {
		if err := w.Platform().Click(t.Context(), "U1", "1", "send"); !errors.Is(err, emulators.ErrClickIgnored) {
			t.Errorf("%s: got %v, want %v", name, err, emulators.ErrClickIgnored)
		}
	}
}
