package teams

import (
	"slices"
	"strings"
	"testing"

	"parley/bot/teams/teamsfake"
)

// A name means a channel only while a single one has it.
func TestResolveAmong(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(_ *Options, o *teamsfake.Options) {
		o.Teams = append(o.Teams, teamsfake.Team{Name: "Sales"})
	}).connect()
	sales := w.fake.Admin.AddChannel(teamsfake.Channel{Team: w.fake.Teams()[1].ID, Name: "Leads"})
	w.waitDelivered()
	for name, want := range map[string]string{"#customers": w.channel, "#Leads": sales.ID, "#nothing": ""} {
		w.wantChannel(name, want)
	}
	if id, err := w.surface.Resolve(w.ctx(), "#General"); id != "" || err == nil || !strings.Contains(err.Error(), "link") {
		t.Errorf("a name of two channels is resolved to %q, %v, want an error that asks for a link", id, err)
	}
}

// wantChannel checks which channel has a name: "" is none.
func (w *world) wantChannel(name, want string) {
	w.t.Helper()
	id, err := w.surface.Resolve(w.ctx(), name)
	must(w.t, err)
	wantEqual(w.t, "id of "+name, id, want)
}

// Who is in a channel's roster can read it. Of a channel that Parley isn't in nobody can tell.
func TestAudience(t *testing.T) {
	t.Parallel()
	w := newWorld(t).connect()
	w.waitDelivered()
	a, err := w.surface.Audience(w.ctx(), w.channel)
	must(t, err)
	wantEqual(t, "everyone can read it", a.Everyone, false)
	wantEqual(t, "Ann can read it", slices.Contains(a.Users, ann), true)
	wantEqual(t, "somebody without an id can read it", slices.Contains(a.Users, ""), false)
	if a, err := w.surface.Audience(w.ctx(), "19:nowhere@thread.tacv2"); err == nil {
		t.Errorf("a channel without Parley is read by %+v, want an error", a)
	}
}
