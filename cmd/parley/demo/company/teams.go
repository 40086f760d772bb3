package company

import (
	"cmp"
	"context"
	"slices"
	"time"

	"parley/bot/teams/manifest"
	"parley/bot/teams/teamsfake"
	"parley/bot/teams/teamsfake/tenant"
	"parley/cmd/parley/lab"
)

// A surface is a chat program in which agents work: Slack or Microsoft Teams. A company may have both. New
// conversations then open in one of them, its home.
const (
	SurfaceSlack = "slack"
	SurfaceTeams = "teams"
)

// The same people and places in Microsoft Teams, by their ids in Entra and Teams.
const (
	TeamsAnn     = lab.TeamsAnn
	TeamsBen     = lab.TeamsBen
	TeamsZoe     = lab.TeamsZoe
	TeamsOwner   = "00000000-0000-4000-8000-000000000001"
	TeamsTeam    = lab.TeamsTeam
	TeamsSupport = lab.TeamsSupport
	TeamsRandom  = "19:acmerandom00000000000000000001@thread.tacv2"
)

// TeamsAppID is the id of Parley's registration.
const TeamsAppID = "22222222-2222-4222-8222-222222222222"

// openTeams starts the emulated Microsoft 365 organisation, if the company has one. Parley's
// own manifest is what is installed there: what it doesn't declare, Teams refuses.
func (c *Company) openTeams() error {
	if !c.o.Teams {
		return nil
	}
	description, err := manifest.JSON(manifest.Options{AppID: TeamsAppID, PublicURL: "https://parley.acme.test"})
	if err != nil {
		return err
	}
	c.Teams = lab.NewOrganisation(teamsfake.Options{
		AppID:          TeamsAppID,
		Manifest:       description,
		Log:            c.o.Log,
		Clock:          c.o.Clock,
		SignClock:      c.o.TokenClock,
		Limits:         c.o.Limits,
		RateFactor:     c.o.TeamsRate,
		RetryDelays:    c.o.TeamsRetries,
		InvokeDeadline: c.o.Patience,
		Users:          []teamsfake.User{{ID: TeamsOwner, Name: "Olga Owner", Email: "olga@acme.test"}},
		Channels:       []teamsfake.Channel{{ID: TeamsRandom, Team: TeamsTeam, Name: "random"}},
	})
	return c.Teams.Start(c.emulatorAddr(c.o.TeamsAddr))
}

// Install adds Parley's app to the team, as its owner does, once Parley runs at
// Options.PublicURL. Without Teams it does nothing.
// Errors: Parley did not accept what Teams tells of the installation; ctx's.
func (c *Company) Install(ctx context.Context) error {
	if c.Teams == nil {
		return nil
	}
	address := c.o.PublicURL
	if c.proxies != nil {
		address = "http://" + c.proxies.webhooks.Addr
	}
	return c.Teams.Admin.Connect(ctx, address+"/teams/messages")
}

// PublicURL is the URL at which Teams and the phones' providers reach Parley, as in Options; "" means that it isn't
// known.
func (c *Company) PublicURL() string { return c.o.PublicURL }

// SetHome chooses the surface in which conversations open from now on: SurfaceSlack or SurfaceTeams. Parley follows
// when the new Config or People has been applied to it.
func (c *Company) SetHome(kind string) { c.home.Store(&kind) }

// Home is the surface in which conversations open.
func (c *Company) Home() string {
	if c.Teams == nil {
		return SurfaceSlack
	}
	if c.o.NoSlack {
		return SurfaceTeams
	}
	return cmp.Or(*c.home.Load(), SurfaceSlack)
}

// Surfaces lists the kinds of surfaces there are.
func (c *Company) Surfaces() []string {
	var kinds []string
	if !c.o.NoSlack {
		kinds = append(kinds, SurfaceSlack)
	}
	if c.Teams != nil {
		kinds = append(kinds, SurfaceTeams)
	}
	return kinds
}

// CanReadAllOfTeams reports whether Teams lets Parley read all messages of its channels.
func (c *Company) CanReadAllOfTeams() bool {
	return slices.Contains(c.Teams.Info().Permissions, tenant.PermitMessages)
}

// teamsEnv returns the variables that point Parley at the organisation.
func (c *Company) teamsEnv() []string {
	if c.Teams == nil {
		return nil
	}
	return append(lab.TeamsEnv(c.Teams), "FAKE_TEAMS_CONTROL="+c.Teams.URL()+"/_fake")
}

// People returns parley.yaml's lines about agents and their team, for the surfaces there are.
func (c *Company) People() string {
	team := "  - {name: Support, members: [ann@acme.test, ben@acme.test]"
	if !c.o.NoSlack {
		team += ", slack_channel: " + Support
	}
	if c.Teams != nil {
		team += `, teams_channel: "` + TeamsSupport + `"`
	}
	if c.Teams != nil && !c.o.NoSlack {
		team += ", home: " + c.Home()
	}
	return lab.Agents(lab.Chats{Slack: !c.o.NoSlack, Teams: c.Teams != nil}) + "teams:\n" + team + "}\n"
}

// TeamsOptions are the part of Options about Microsoft Teams.
type TeamsOptions struct {
	Teams        bool            // there is an organisation, beside the workspace
	NoSlack      bool            // Env and Config say nothing of Slack
	Home         string          // where conversations open when there are both: slack (default) or teams
	TeamsAddr    string          // host:port; "" means a free port on loopback
	TeamsRate    float64         // with Limits: factor on Teams' rates; 0 means 1
	TeamsRetries []time.Duration // waits before Teams offers an event again; nil means Teams' own
}
