package teams

import (
	"slices"
	"strings"
	"testing"
	"time"

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
		before func(w *world)
		want   []string
		gap    bool
	}{
		"read": {func(*world) {}, []string{"at once", "first", "second"}, false},
		"not read": {func(w *world) {
			w.fake.Inject(teamsfake.Fault{Method: "graph.*", Kind: teamsfake.FaultHTTP, Status: 500, Code: "InternalServerError"})
		}, []string{"at once", "second"}, true},
		"no right": {func(w *world) {
			w.fake.Inject(teamsfake.Fault{Method: "graph.*", Kind: teamsfake.FaultHTTP, Status: 403, Code: "Forbidden"})
		}, []string{"at once", "second"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, d, root, p, later := talkLater(t)
			w.unheard(func() error { _, err := p.Reply(w.channel, root, "first"); return err })
			held := w.fake.Inject(teamsfake.Fault{Method: "event:message", Kind: teamsfake.FaultReorder})
			_, err := p.Reply(w.channel, root, "second")
			must(t, err)
			w.fake.ClearFaults(held)
			later(3 * time.Second)
			c.before(w)
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
