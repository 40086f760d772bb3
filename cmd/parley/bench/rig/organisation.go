package rig

import (
	"context"
	"fmt"
	"time"

	"parley/bot/teams/teamsfake"
	"parley/cmd/parley/lab"
)

// TeamsOptions shape the Teams emulator of a world.
type TeamsOptions struct {
	// Rate is the factor on Teams' published limits, for the emulator and Parley alike; 0 means no limits.
	Rate float64
}

// Organisation is the Teams emulator, in this process.
type Organisation struct {
	*teamsfake.Server

	opt TeamsOptions
}

func startOrganisation(o TeamsOptions) (*Organisation, error) {
	server := lab.NewOrganisation(teamsfake.Options{Limits: o.Rate > 0, RateFactor: o.Rate})
	t := &Organisation{Server: server, opt: o}
	return t, t.Start("127.0.0.1:0")
}

// listVars returns the variables that point Parley at the emulator.
func (t *Organisation) listVars() []string {
	return append(lab.TeamsEnv(t.Server), fmt.Sprintf("TEAMS_RATE=%g", t.opt.Rate))
}

// connect adds the app to the team; from then on the emulator sends its events to c, which has to be ready.
func (t *Organisation) connect(ctx context.Context, c *Child) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	return t.Admin.Connect(ctx, "http://"+c.Address+"/teams/messages")
}

// TeamsConfig returns a parley.yaml with the lab's agents and one team in Teams, named Team0. accounts, indented by two,
// become its list of accounts.
func TeamsConfig(accounts string) string {
	team := fmt.Sprintf("teams:\n  - {name: Team0, members: [ann@acme.test, ben@acme.test], teams_channel: %q}\n", lab.TeamsSupport)
	return "company: Acme\n" + lab.Agents(lab.Chats{Teams: true}) + team + "accounts:\n" + accounts
}
