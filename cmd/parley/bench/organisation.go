package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parley/bot/teams/teamsfake"
	"parley/cmd/parley/lab"
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
	t := &organisation{Server: lab.NewOrganisation(teamsfake.Options{Limits: o.rate > 0, RateFactor: o.rate}), opt: o}
	return t, t.Start("127.0.0.1:0")
}

// env points Parley at the emulator.
func (t *organisation) env() []string {
	return append(lab.TeamsEnv(t.Server), fmt.Sprintf("TEAMS_RATE=%g", t.opt.rate))
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
	return "company: Acme\n" + lab.Agents(false, true) +
		fmt.Sprintf("teams:\n  - {name: Team0, members: [ann@acme.test, ben@acme.test], teams_channel: %q}\n", lab.TeamsSupport) + "accounts:\n" + accounts
}

// errPosted: Teams or Slack doesn't show exactly what customers said.
var errPosted = errors.New("bench: lost, doubled or out of order")
