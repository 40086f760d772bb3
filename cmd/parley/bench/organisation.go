package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parley/bot/teams/teamsfake"
)

// The agents and the channel of a world in Microsoft Teams.
const (
	teamsAnn     = "a0000000-0000-4000-8000-00000000000a"
	teamsBen     = "b0000000-0000-4000-8000-00000000000b"
	teamsTeam    = "19:benchteam0000000000000000000001@thread.tacv2"
	teamsChannel = "19:benchsupport00000000000000000001@thread.tacv2"
)

// teamsOptions shape the Teams emulator of a world.
type teamsOptions struct {
	// rate is the factor on Teams' published limits, for the emulator and Parley alike; 0 =
	// no limits.
	rate float64
}

// organisation is the Teams emulator, in this process.
type organisation struct {
	*teamsfake.Server

	opt teamsOptions
}

func startOrganisation(o teamsOptions) (*organisation, error) {
	t := &organisation{Server: teamsfake.New(teamsfake.Options{Limits: o.rate > 0, RateFactor: o.rate,
		Users:    []teamsfake.User{{ID: teamsAnn, Name: "Ann Lee", Email: "ann@acme.test"}, {ID: teamsBen, Name: "Ben Katz", Email: "ben@acme.test"}},
		Teams:    []teamsfake.Team{{ID: teamsTeam, Name: "Acme"}},
		Channels: []teamsfake.Channel{{ID: teamsChannel, Team: teamsTeam, Name: "support"}}}), opt: o}
	return t, t.Start("127.0.0.1:0")
}

// env points Parley at the emulator.
func (t *organisation) env() []string {
	return []string{"TEAMS_APP_ID=" + t.AppID(), "TEAMS_APP_PASSWORD=" + t.AppPassword(), "TEAMS_TENANT_ID=" + t.TenantID(), "TEAMS_LOGIN_URL=" + t.LoginURL(),
		"TEAMS_OPENID_URL=" + t.OpenIDURL(), "TEAMS_SERVICE_URLS=" + t.URL(), "TEAMS_GRAPH_URL=" + t.GraphURL(), fmt.Sprintf("TEAMS_RATE=%g", t.opt.rate)}
}

// connect adds the app to the team, with a Parley that is ready.
func (t *organisation) connect(ctx context.Context, c *child) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	return t.Admin.Connect(ctx, "http://"+c.address+"/teams/messages")
}

// teamsConfig is a parley.yaml with one team in Teams, named Team0. Accounts follow,
// indented by two.
func teamsConfig(accounts string) string {
	return fmt.Sprintf(`company: Acme
agents:
  - {email: ann@acme.test, name: Ann Lee, teams: %s, roles: [admin]}
  - {email: ben@acme.test, name: Ben Katz, teams: %s}
teams:
  - {name: Team0, members: [ann@acme.test, ben@acme.test], teams_channel: %q}
accounts:
%s`, teamsAnn, teamsBen, teamsChannel, accounts)
}

// errPosted: what customers said is not what Teams or Slack shows.
var errPosted = errors.New("bench: lost, doubled or out of order")
