package teams

import (
	"slices"
	"testing"

	"parley/bot/teams/teamsfake"
)

// wantChannel checks to which channel a name leads. "" means to none.
func (w *world) wantChannel(name, want string) {
	w.t.Helper()
	got, err := w.surface.Resolve(w.ctx(), name)
	noError(w.t, err)
	if got != want {
		w.t.Errorf("Resolve(%q) = %q, want %q", name, got, want)
	}
}

// newWorldOfTwoTeams makes an organisation with a second team, Sales. Each team has a channel General.
func newWorldOfTwoTeams(t *testing.T) *world {
	t.Helper()
	return newWorld(t, func(_ *Options, o *teamsfake.Options) {
		o.Teams = append(o.Teams, teamsfake.Team{Name: "Sales"})
	}).connect()
}

// Resolve finds a channel by its name in any team, if only one channel has that name.
func TestResolveByName(t *testing.T) {
	t.Parallel()
	w := newWorldOfTwoTeams(t)
	sales := w.fake.Admin.AddChannel(teamsfake.Channel{Team: w.fake.Teams()[1].ID, Name: "Leads"})
	w.waitDelivered()
	w.wantChannel("#customers", w.channel)
	w.wantChannel("#Leads", sales.ID)
	w.wantChannel("#nothing", "")
}

// The people in a channel's roster can read the channel.
func TestAudience(t *testing.T) {
	t.Parallel()
	w := newWorld(t).connect()
	w.waitDelivered()
	audience, err := w.surface.Audience(w.ctx(), w.channel)
	noError(t, err)
	wantEqual(t, "everyone can read it", audience.Everyone, false)
	wantEqual(t, "Ann can read it", slices.Contains(audience.Users, ann), true)
	wantEqual(t, "somebody without an id can read it", slices.Contains(audience.Users, ""), false)
}
