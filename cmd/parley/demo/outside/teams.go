package outside

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

// A surface is a chat program in which agents work: Slack or Microsoft Teams. A world may have both. New
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

// openTeams starts the emulated Microsoft 365 organisation, if the world has one. Parley's
// own manifest is what is installed there: what it doesn't declare, Teams refuses.
func (w *World) openTeams() error {
	if !w.o.Teams {
		return nil
	}
	description, err := manifest.JSON(manifest.Options{AppID: TeamsAppID, PublicURL: "https://parley.acme.test"})
	if err != nil {
		return err
	}
	w.Teams = lab.NewOrganisation(teamsfake.Options{
		AppID:          TeamsAppID,
		Manifest:       description,
		Log:            w.o.Log,
		Clock:          w.o.Clock,
		SignClock:      w.o.TokenClock,
		Limits:         w.o.Limits,
		RateFactor:     w.o.TeamsRate,
		RetryDelays:    w.o.TeamsRetries,
		InvokeDeadline: w.o.Patience,
		Users:          []teamsfake.User{{ID: TeamsOwner, Name: "Olga Owner", Email: "olga@acme.test"}},
		Channels:       []teamsfake.Channel{{ID: TeamsRandom, Team: TeamsTeam, Name: "random"}},
	})
	return w.Teams.Start(w.emulatorAddr(w.o.TeamsAddr))
}

// Install adds Parley's app to the team, as its owner does, once Parley runs at
// Options.PublicURL. Without Teams it does nothing.
// Errors: Parley did not accept what Teams tells of the installation; ctx's.
func (w *World) Install(ctx context.Context) error {
	if w.Teams == nil {
		return nil
	}
	address := w.o.PublicURL
	if w.proxies != nil {
		address = "http://" + w.proxies.webhooks.Addr
	}
	return w.Teams.Admin.Connect(ctx, address+"/teams/messages")
}

// PublicURL is the URL at which Teams and the phones' providers reach Parley, as in Options; "" means that it isn't
// known.
func (w *World) PublicURL() string { return w.o.PublicURL }

// SetHome chooses the surface in which conversations open from now on: SurfaceSlack or SurfaceTeams. Parley follows
// when the new Config or People has been applied to it.
func (w *World) SetHome(kind string) { w.home.Store(&kind) }

// Home is the surface in which conversations open.
func (w *World) Home() string {
	if w.Teams == nil {
		return SurfaceSlack
	}
	if w.o.NoSlack {
		return SurfaceTeams
	}
	return cmp.Or(*w.home.Load(), SurfaceSlack)
}

// Surfaces lists the kinds of surfaces there are.
func (w *World) Surfaces() []string {
	var kinds []string
	if !w.o.NoSlack {
		kinds = append(kinds, SurfaceSlack)
	}
	if w.Teams != nil {
		kinds = append(kinds, SurfaceTeams)
	}
	return kinds
}

// CanReadAllOfTeams reports whether Teams lets Parley read all messages of its channels.
func (w *World) CanReadAllOfTeams() bool {
	return slices.Contains(w.Teams.Info().Permissions, tenant.PermitMessages)
}

// teamsEnv returns the variables that point Parley at the organisation.
func (w *World) teamsEnv() []string {
	if w.Teams == nil {
		return nil
	}
	return append(lab.TeamsEnv(w.Teams), "FAKE_TEAMS_CONTROL="+w.Teams.URL()+"/_fake")
}

// People returns parley.yaml's lines about agents and their team, for the surfaces there are.
func (w *World) People() string {
	team := "  - {name: Support, members: [ann@acme.test, ben@acme.test]"
	if !w.o.NoSlack {
		team += ", slack_channel: " + Support
	}
	if w.Teams != nil {
		team += `, teams_channel: "` + TeamsSupport + `"`
	}
	if w.Teams != nil && !w.o.NoSlack {
		team += ", home: " + w.Home()
	}
	return lab.Agents(lab.Chats{Slack: !w.o.NoSlack, Teams: w.Teams != nil}) + "teams:\n" + team + "}\n"
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
