package teams

import (
	"slices"
	"strings"
	"testing"

	"parley/bot/teams/teamsfake"
)

// TestResolveAmong: a name means a channel only while a single one has it.
func TestResolveAmong(t *testing.T) {
	t.Parallel()
	w := newWorld(t, newDesk(), func(_ *Options, o *teamsfake.Options) {
		o.Teams = append(o.Teams, teamsfake.Team{Name: "Sales"})
	}).connect()
	sales := w.fake.Admin.AddChannel(teamsfake.Channel{Team: w.fake.Teams()[1].ID, Name: "Leads"})
	must(t, w.fake.WaitFor(within(t), func() bool { return w.fake.Activities.Pending() == 0 }))
	for name, want := range map[string]string{"#customers": w.channel, "#Leads": sales.ID, "#nothing": ""} {
		if id, err := w.s.Resolve(within(t), name); id != want || err != nil {
			t.Errorf("%s is %q, %v", name, id, err)
		}
	}
	if id, err := w.s.Resolve(within(t), "#General"); id != "" || err == nil || !strings.Contains(err.Error(), "link") {
		t.Errorf("a name of two channels is %q, %v", id, err)
	}
}

// A channel's roster says who can read it; of one that Parley isn't in nobody can tell.
func TestAudience(t *testing.T) {
	t.Parallel()
	w := newWorld(t, newDesk(), nil).connect()
	must(t, w.fake.WaitFor(within(t), func() bool { return w.fake.Activities.Pending() == 0 }))
	a, err := w.s.Audience(within(t), w.channel)
	if err != nil || a.Everyone || !slices.Contains(a.Users, ann) || slices.Contains(a.Users, "") {
		t.Errorf("the team's channel: %+v, %v", a, err)
	}
	if a, err := w.s.Audience(within(t), "19:nowhere@thread.tacv2"); err == nil {
		t.Errorf("a channel without Parley: %+v", a)
	}
}
