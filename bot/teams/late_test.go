package teams

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"parley/bot/teams/graph"
	"parley/bot/teams/teamsfake"
	"parley/bridge"
)

// A message is late if it took much longer than usual, whatever the difference of the clocks, and however many late ones came before
// it. Only if nothing else comes for a minute, their time is the usual one.
func TestLateness(t *testing.T) {
	t.Parallel()
	var l lateness
	began := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	for i, step := range []struct {
		at   time.Duration
		took time.Duration
		want bool
	}{
		{took: lateThreshold, want: false},
		{took: 11 * time.Second, want: true},
		{took: 6500 * time.Millisecond, want: true},
		{took: 11 * time.Second, want: true},
		{at: 50 * time.Second, took: 0, want: false},
		{at: 70 * time.Second, took: 11 * time.Second, want: true},
		{at: 2 * time.Minute, took: -3 * time.Second, want: false}, // Teams' clock is ahead
		{at: 2 * time.Minute, took: -2900 * time.Millisecond, want: false},
		{at: 3 * time.Minute, took: -2 * time.Second, want: true}, // ours is set forward
		{at: 3*time.Minute + lateOnlySpan - 1, took: -1900 * time.Millisecond, want: true},
		{at: 3*time.Minute + lateOnlySpan, took: time.Hour, want: true},
		{at: 3*time.Minute + lateOnlySpan, took: -1900 * time.Millisecond, want: false},
	} {
		got := l.isLate(began.Add(step.at), step.took)
		wantEqual(t, fmt.Sprintf("step %d, after %s, which took %s, is late", i, step.at, step.took), got, step.want)
	}
}

// What was typed in a thread before a message that came late is accepted before it, also if Teams tells of it later or never. If
// it can't be read now, replies wait for it.
func TestBeforeALateMessage(t *testing.T) {
	t.Parallel()
	failGraph := func(status int) func(*world, string) {
		return func(w *world, _ string) {
			w.fake.Inject(teamsfake.Fault{Method: "graph.*", Kind: teamsfake.FaultHTTP, Status: status, Code: "Failed"})
		}
	}
	for name, tt := range map[string]struct {
		before  func(w *world, first string) // the late message comes
		want    []string
		wantGap bool
	}{
		"read": {
			before: func(*world, string) {},
			want:   []string{"at once", "first", "second"},
		},
		"not read": {
			before: failGraph(http.StatusInternalServerError),
			want:   []string{"at once", "second"}, wantGap: true,
		},
		"no right": {
			before: failGraph(http.StatusForbidden),
			want:   []string{"at once", "second"},
		},
		"its words not shown yet": {
			before: func(w *world, first string) { must(w.t, w.fake.Admin.Blank(w.channel, first)) },
			want:   []string{"at once", "second"}, wantGap: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newClockedTalk(t)
			first := w.replyUnheard("first")
			held := w.fake.Inject(teamsfake.Fault{Method: "event:message", Kind: teamsfake.FaultReorder})
			_, err := w.ann.Reply(w.channel, w.root, "second")
			must(t, err)
			w.fake.ClearFaults(held)
			w.later(3 * time.Second)
			tt.before(w, first)
			gaps := w.desk.Gaps()
			w.annTypes("at once") // which brings the held one
			w.waitDelivered()
			var texts []string
			for _, a := range w.acceptedActions() {
				if a.Verb == bridge.VerbSay {
					texts = append(texts, strings.TrimSpace(a.Text))
				}
			}
			wantList(t, "texts in the order in which they were accepted", texts, tt.want)
			wantEqual(t, "a gap was told", w.desk.Gaps() > gaps, tt.wantGap)
		})
	}
}

// replyUnheard lets Ann reply in the conversation's thread while Teams tells nobody, and returns the reply's id.
func (w *world) replyUnheard(text string) (id string) {
	w.t.Helper()
	w.withoutEvents(func() (err error) {
		id, err = w.ann.Reply(w.channel, w.root, text)
		return err
	})
	return id
}

// catchUpReply reads the thread while Graph shows a reply in it with this text. isUnclear says whether nothing can be said of it yet.
func (w *world) catchUpReply(m graph.Message, text string, isUnclear bool) {
	w.t.Helper()
	m.Body.Content = text
	thread := w.messageOfGraph(w.root, w.root)
	thread.Replies = []graph.Message{m}
	gaps := w.desk.Gaps()
	unclear, err := w.surface.history.catchUpThread(w.ctx(), w.channel, &thread)
	must(w.t, err)
	wantEqual(w.t, fmt.Sprintf("%q is unclear", text), unclear, isUnclear)
	wantEqual(w.t, fmt.Sprintf("%q: a gap was told", text), w.desk.Gaps() > gaps, isUnclear)
}

// A reply of which Teams didn't tell, and which Graph shows without its words at first, is read again until Graph shows them, and
// what was typed behind it waits. A reply that stays without words was deleted: nothing waits for it.
func TestTextNotShownYet(t *testing.T) {
	t.Parallel()
	w := newClockedTalk(t)
	late := w.messageOfGraph(w.root, w.replyUnheard("On its way"))
	w.catchUpReply(late, "", true)
	w.later(5 * time.Second)
	w.catchUpReply(late, "", true)
	w.catchUpReply(late, "<p>On its way</p>", false)
	said := w.acceptedActions()
	if len(said) != 1 {
		t.Fatalf("got %+v, want one reply", said)
	}
	wantEqual(t, "text", said[0].Text, "On its way")
	late.ModifiedAt = w.surface.org.Now() // it is being deleted
	w.catchUpReply(late, "", false)

	gone := w.messageOfGraph(w.root, w.replyUnheard("Never mind"))
	w.later(time.Minute)
	w.catchUpReply(gone, "", false)
}
