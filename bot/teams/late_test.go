package teams

import (
	"slices"
	"strings"
	"testing"
	"time"

	"parley/bot/teams/graph"
	"parley/bot/teams/teamsfake"
	"parley/bridge"
)

// TestLateness: late is what took much longer than usual, by whatever clock.
func TestLateness(t *testing.T) {
	t.Parallel()
	var l lateness
	for i, c := range []struct {
		took time.Duration
		late bool
	}{
		{lateThreshold + 1, true}, {lateThreshold + 1, false}, {-3 * time.Second, false}, {-2900 * time.Millisecond, false}, {-2 * time.Second, true}, {-1900 * time.Millisecond, false},
		{-3 * time.Second, false}, {time.Hour, true}, {time.Hour, false}, {0, false}, {lateThreshold, false}, {lateThreshold + 1, true},
	} {
		if got := l.isLate(c.took); got != c.late {
			t.Errorf("%d: %s late: %v", i, c.took, got)
		}
	}
}

// TestBeforeALateMessage: what was typed in a thread before a message that came late is accepted
// before it, also if Teams tells of it later or never. Where that can't be read now, replies wait for it.
func TestBeforeALateMessage(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before func(w *world, first string)
		want   []string
		gap    bool
	}{
		"read": {func(*world, string) {}, []string{"at once", "first", "second"}, false},
		"not read": {func(w *world, _ string) {
			w.fake.Inject(teamsfake.Fault{Method: "graph.*", Kind: teamsfake.FaultHTTP, Status: 500, Code: "InternalServerError"})
		}, []string{"at once", "second"}, true},
		"no right": {func(w *world, _ string) {
			w.fake.Inject(teamsfake.Fault{Method: "graph.*", Kind: teamsfake.FaultHTTP, Status: 403, Code: "Forbidden"})
		}, []string{"at once", "second"}, false},
		"its words not shown yet": {func(w *world, first string) {
			must(w.t, w.fake.Admin.Blank(w.channel, first))
		}, []string{"at once", "second"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, d, root, p, later := talkLater(t)
			var first string
			w.unheard(func() (err error) { first, err = p.Reply(w.channel, root, "first"); return err })
			held := w.fake.Inject(teamsfake.Fault{Method: "event:message", Kind: teamsfake.FaultReorder})
			_, err := p.Reply(w.channel, root, "second")
			must(t, err)
			w.fake.ClearFaults(held)
			later(3 * time.Second)
			c.before(w, first)
			before := d.Gaps()
			typed(t, w, d, p, root, "at once") // which brings the held one
			w.settled()
			var texts []string
			for _, a := range w.told(d) {
				if a.Verb == bridge.VerbSay {
					texts = append(texts, strings.TrimSpace(a.Text))
				}
			}
			if !slices.Equal(texts, c.want) {
				t.Errorf("accepted %q", texts)
			}
			if gap := d.Gaps() > before; gap != c.gap {
				t.Errorf("a gap was told: %v", gap)
			}
		})
	}
}

// TestTextNotShownYet: a reply of which Teams didn't tell, and which Graph shows without its words at first, is read again
// until Graph shows them, and what was typed behind it waits. One that stays without words was deleted: nothing waits for it.
func TestTextNotShownYet(t *testing.T) {
	t.Parallel()
	w, d, root, p, later := talkLater(t)
	unheard := func(text string) graph.Message {
		t.Helper()
		var id string
		w.unheard(func() (err error) { id, err = p.Reply(w.channel, root, text); return err })
		return w.shown(root, id)
	}
	read := func(m graph.Message, text string, isUnclear bool) {
		t.Helper()
		m.Body.Content = text
		thread := w.shown(root, root)
		thread.Replies = []graph.Message{m}
		before := d.Gaps()
		if unclear, err := w.s.history.catchUpThread(within(t), w.channel, &thread); unclear != isUnclear || d.Gaps() > before != isUnclear || err != nil {
			t.Errorf("%q is unclear: %v, a gap was told: %v, %v", text, unclear, d.Gaps() > before, err)
		}
	}
	late := unheard("On its way")
	read(late, "", true)
	later(5 * time.Second)
	read(late, "", true)
	read(late, "<p>On its way</p>", false)
	if said := w.told(d); len(said) != 1 || said[0].Text != "On its way" {
		t.Errorf("told: %+v", said)
	}
	late.ModifiedAt = w.s.org.Now() // it is being deleted
	read(late, "", false)
	gone := unheard("Never mind")
	later(time.Minute)
	read(gone, "", false)
}
