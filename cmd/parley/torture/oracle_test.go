package torture

import (
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"parley/channels/email/mailfake"
)

// TestMarksOf: text and HTML are two forms of one text; what a form says twice was sent twice.
func TestMarksOf(t *testing.T) {
	t.Parallel()
	m := mark{out, 1, 2}
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
		if got := count(marksOf(c.mail), m); got != c.want {
			t.Errorf("%s: %d times, want %d", name, got, c.want)
		}
	}
	if got := marksOf(mailfake.Received{Text: "out-c001-2\nout-c001-4", HTML: "out-c001-2 out-c001-4"}); !slices.Equal(got, []mark{m, {out, 1, 4}}) {
		t.Errorf("order %v", got)
	}
}

// TestSubjectOf: a line is about one reply, whatever else it quotes of it.
func TestSubjectOf(t *testing.T) {
	t.Parallel()
	m := mark{out, 1, 2}
	for text, want := range map[string]mark{
		"not sent: out-c001-2": m, "not sent: out-c001-2 (corrected: fixed-c001-3) out-c001-2": m,
		"out-c001-2 out-c001-4": {}, "inside-c001-3": {}, "nothing": {}, "out-c001-2 said-c001-1": {}, "fixed-c001-3": {},
	} {
		if got := subjectOf(post{Marks: marksIn(text)}); got != want {
			t.Errorf("%q is about %v, want %v", text, got, want)
		}
	}
}

// TestPress: a click excuses a place in the order; one more copy only where nobody could tell,
// and only if it asked for one.
func TestPress(t *testing.T) {
	t.Parallel()
	m := mark{out, 1, 2}
	for _, c := range []struct {
		name           string
		unclear, again bool
		want           clicks
	}{
		{"send", false, false, clicks{Sent: 1}},
		{"send again what failed for certain", false, true, clicks{Sent: 1}},
		{"send again what is unclear", true, true, clicks{Sent: 1, Again: 1}},
		{"mark as sent", true, false, clicks{Sent: 1}},
	} {
		o := newOracle()
		o.press("1", m, c.unclear, c.again)
		if o.told.Clicks[m] != c.want || !o.told.Answered["1"] || o.unclear[m] != c.unclear || o.asked[m] == c.unclear {
			t.Errorf("%s: %+v", c.name, o.told.Clicks[m])
		}
	}
}

// TestAsks: what Parley rightly asks about.
func TestAsks(t *testing.T) {
	t.Parallel()
	reply := func(n int) record { return record{Did: actType, Mark: mark{out, 1, n}, Conv: 1, By: "ann"} }
	remark := func(n int, by string) record {
		return record{Did: actType, Mark: mark{inside, 1, n}, Conv: 1, By: by}
	}
	write, resolve := record{Did: actWrite, Mark: mark{said, 1, 90}, Conv: 1}, record{Did: actResolve, Conv: 1, By: "ann"}
	l := ledger{reply(1), remark(2, "ann"), reply(3), remark(4, "zoe"), reply(5), reply(6), reply(7), reply(8), resolve, reply(9), write, reply(10), write, reply(11),
		{Did: actType, Mark: mark{out, 2, 1}, Conv: 2, By: "ben"}}
	var rightly []int
	for _, m := range slices.SortedFunc(maps.Keys(l.asks()), func(a, b mark) int { return a.N - b.N }) {
		if l.asks()[m] {
			rightly = append(rightly, m.N)
		}
	}
	if want := []int{5, 6, 7, 9, 10}; !slices.Equal(rightly, want) {
		t.Errorf("asks about %v, want %v", rightly, want)
	}
}

// TestTogether: replies that left in one message are one case of doubt.
func TestTogether(t *testing.T) {
	t.Parallel()
	typed := func(conv, n int, kind string) record {
		return record{Did: actType, Mark: mark{kind, conv, n}, Conv: conv}
	}
	l := ledger{typed(1, 1, out), typed(1, 2, out), typed(2, 1, out), typed(1, 3, inside), typed(1, 4, out), typed(1, 5, out), typed(1, 6, out), {Did: actWrite, Conv: 1}}
	unclear := map[mark]bool{{out, 1, 1}: true, {out, 1, 2}: true, {out, 1, 4}: true, {out, 1, 6}: true, {out, 2, 1}: true}
	if got := l.together(unclear); got != 3 {
		t.Errorf("%d messages, want 3", got)
	}
}

// TestKeepersOf: who is to have a conversation after all that was typed in its thread.
func TestKeepersOf(t *testing.T) {
	t.Parallel()
	at := func(second int) time.Time { return time.Unix(int64(second), 0) }
	reply := func(second int) record {
		return record{At: at(second), Did: actType, Mark: mark{out, 1, second}, Root: "1", ID: "r"}
	}
	hand := record{At: at(10), Did: actHandOver, Root: "1", ID: "h", Team: otherTeam}
	both := []string{supportTeam, otherTeam}
	for _, c := range []struct {
		name string
		said ledger
		late map[string]bool
		want keepers
	}{
		{name: "nothing typed", want: keepers{Teams: []string{supportTeam}}},
		{name: "a remark takes nothing", said: ledger{{Did: actType, Mark: mark{inside, 1, 1}, Root: "1"}}, want: keepers{Teams: []string{supportTeam}}},
		{name: "a reply takes it", said: ledger{reply(1)}, want: keepers{Teams: []string{supportTeam}, Owner: true}},
		{name: "handed over", said: ledger{reply(1), hand}, want: keepers{Teams: []string{otherTeam}}},
		{name: "handed over, and taken", said: ledger{reply(1), hand, reply(20)}, want: keepers{Teams: []string{otherTeam}, Owner: true}},
		{name: "put back", said: ledger{reply(1), {At: at(10), Did: actUnassign, Root: "1"}}, want: keepers{Teams: []string{supportTeam}}},
		{name: "of another thread", said: ledger{reply(1), {At: at(10), Did: actHandOver, Root: "2", Team: otherTeam}}, want: keepers{Teams: []string{supportTeam}, Owner: true}},
		{name: "told late of the reply", said: ledger{reply(1), hand}, late: map[string]bool{"r": true}, want: keepers{Teams: both, Owner: true}},
		{name: "told late of the command", said: ledger{reply(1), hand}, late: map[string]bool{"h": true}, want: keepers{Teams: both, Owner: true}},
		{name: "typed in the same moment", said: ledger{reply(10), hand}, want: keepers{Teams: both, Owner: true}},
		{name: "resolved before", said: ledger{reply(1), {At: at(5), Did: actResolve, Root: "1"}, hand}, want: keepers{Teams: both, Owner: true}},
	} {
		if got := c.said.keepersOf("1", c.late); !slices.Equal(got.Teams, c.want.Teams) || got.Owner != c.want.Owner {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

// TestButtonGone: a button that went between the look and the click is no fault of the run.
func TestButtonGone(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusConflict) }))
	t.Cleanup(srv.Close)
	for name, chat := range map[string]platform{"slack": slackSide{wire: wire{Slack: srv.URL}}, "teams": teamsSide{wire: wire{Teams: srv.URL}}} {
		if err := chat.click(t.Context(), "U1", "1", "send"); !errors.Is(err, errNotTaken) {
			t.Errorf("%s: %v, want %v", name, err, errNotTaken)
		}
	}
}
