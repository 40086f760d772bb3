// Package lab holds the setup that the demo, the benchmark and the torture test share: the people of an example company
// in each chat, the environment variables that point Parley at emulators, and parley.yaml. Each of these programs runs
// the real Parley, but with emulators in place of Slack, Microsoft Teams and the mail servers.
//
// What does not belong here: which emulators run and where, and what is measured or shown.
package lab

import (
	"parley/bot/slack/slackfake"
	"parley/bot/teams/teamsfake"
)

// The company's mailbox.
const (
	HelpAddress  = "help@acme.test"
	HelpPassword = "let-me-in"
)

// The ids of the support channel and of people in Slack.
const (
	Support = "C0SUPPORT01"
	Ann     = "U0ANNLEE001"
	Ben     = "U0BENKATZ01"
	Zoe     = "U0ZOEGUEST1" // a colleague who isn't an agent
)

// The ids of the same people and channel in Microsoft Teams, and of the team that has the channel.
const (
	TeamsAnn     = "a0000000-0000-4000-8000-00000000000a"
	TeamsBen     = "b0000000-0000-4000-8000-00000000000b"
	TeamsZoe     = "20000000-0000-4000-8000-000000000002"
	TeamsTeam    = "19:acmeteam00000000000000000000001@thread.tacv2"
	TeamsSupport = "19:acmesupport0000000000000000001@thread.tacv2"
)

// SlackPeople returns Ann, Ben and Zoe as Slack users.
func SlackPeople() []slackfake.User {
	return []slackfake.User{
		{ID: Ann, Name: "ann", RealName: "Ann Lee", Email: "ann@acme.test"},
		{ID: Ben, Name: "ben", RealName: "Ben Katz", Email: "ben@acme.test"},
		{ID: Zoe, Name: "zoe", RealName: "Zoe Marsh", Email: "zoe@acme.test"},
	}
}

// NewOrganisation returns an emulated Microsoft 365 organisation, which isn't started yet. It adds Ann, Ben, Zoe and the
// support channel to the users and channels in o. It replaces o.Teams by the one team Acme.
func NewOrganisation(o teamsfake.Options) *teamsfake.Server {
	o.Users = append(o.Users,
		teamsfake.User{ID: TeamsAnn, Name: "Ann Lee", Email: "ann@acme.test"},
		teamsfake.User{ID: TeamsBen, Name: "Ben Katz", Email: "ben@acme.test"},
		teamsfake.User{ID: TeamsZoe, Name: "Zoe Marsh", Email: "zoe@acme.test"})
	o.Teams = []teamsfake.Team{{ID: TeamsTeam, Name: "Acme"}}
	o.Channels = append([]teamsfake.Channel{{ID: TeamsSupport, Team: TeamsTeam, Name: "support"}}, o.Channels...)
	return teamsfake.New(o)
}
