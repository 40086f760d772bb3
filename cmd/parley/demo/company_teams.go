package demo

import (
	"cmp"
	"context"
	"slices"
	"time"

	"parley/bot/teams"
	"parley/bot/teams/teamsfake"
	"parley/cmd/parley/lab"
)

// A surface is a chat program in which agents work: Slack or Microsoft Teams. A company may use both. New conversations
// with customers then open in only one of them, the company's home.
const (
	SurfaceSlack = "slack"
	SurfaceTeams = "teams"
)

// The company's people, team and channels in Microsoft 365, by their ids in Entra and Teams.
const (
	TeamsAnn     = lab.TeamsAnn
	TeamsBen     = lab.TeamsBen
	TeamsZoe     = lab.TeamsZoe
	TeamsOwner   = "00000000-0000-4000-8000-000000000001"
	TeamsTeam    = lab.TeamsTeam
	TeamsSupport = lab.TeamsSupport
	TeamsRandom  = "19:acmerandom00000000000000000001@thread.tacv2"
)

// TeamsAppID is the id of Parley's app in Teams.
const TeamsAppID = "22222222-2222-4222-8222-222222222222"

// openTeams starts the emulated Microsoft 365 organisation if Options.Teams is set. It uses Parley's real app manifest,
// and the emulator refuses everything that this manifest doesn't declare.
func (c *Company) openTeams() error {
	if !c.o.Teams {
		return nil
	}
	description, err := teams.JSON(teams.ManifestOptions{AppID: TeamsAppID, PublicURL: "https://parley.acme.test"})
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

// Install adds Parley's app to the team, as the team's owner would. Parley must already be running at
// Options.PublicURL. Without Teams, Install does nothing.
// Errors: Parley did not accept the installation event from Teams; ctx ended.
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

// PublicURL returns Options.PublicURL, the URL at which Teams and the phone providers reach Parley; "" means unknown.
func (c *Company) PublicURL() string { return c.o.PublicURL }

// SetHome sets the surface in which new conversations open: SurfaceSlack or SurfaceTeams. It changes what Config and
// People return; Parley itself changes when the new configuration is applied.
func (c *Company) SetHome(kind string) { c.home.Store(&kind) }

// Home returns the surface in which new conversations open.
func (c *Company) Home() string {
	if c.Teams == nil {
		return SurfaceSlack
	}
	if c.o.NoSlack {
		return SurfaceTeams
	}
	return cmp.Or(*c.home.Load(), SurfaceSlack)
}

// Surfaces lists the surfaces that the company uses.
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
	return slices.Contains(c.Teams.Info().Permissions, teamsfake.PermitMessages)
}

// teamsEnv returns the environment variables that connect Parley to the organisation.
func (c *Company) teamsEnv() []string {
	if c.Teams == nil {
		return nil
	}
	return append(lab.TeamsEnv(c.Teams), "FAKE_TEAMS_CONTROL="+c.Teams.URL()+"/_fake")
}

// People returns the sections agents and teams of parley.yaml, for the surfaces that the company uses.
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

// TeamsOptions is the part of Options for Microsoft Teams.
type TeamsOptions struct {
	Teams        bool            // emulate a Microsoft 365 organisation as well
	NoSlack      bool            // leave Slack out of Env and Config
	Home         string          // where conversations open if both surfaces are in use: slack (default) or teams
	TeamsAddr    string          // host:port; "" means a free port on loopback
	TeamsRate    float64         // with Limits: multiplies Teams' rate limits; 0 means 1
	TeamsRetries []time.Duration // pauses before Teams sends an event again; nil means the real ones
}
