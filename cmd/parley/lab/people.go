// Package lab is what the demo, the benchmark and the torture set up alike around a Parley: the
// people of a company in each chat, the variables that lead to emulators, and parley.yaml.
//
// What does not belong here: which emulators run, where, and what is measured or shown.
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

// People and places in Slack.
const (
	Support = "C0SUPPORT01"
	Ann     = "U0ANNLEE001"
	Ben     = "U0BENKATZ01"
	Zoe     = "U0ZOEGUEST1" // works here, isn't an agent
)

// The same people and places in Microsoft Teams, by their ids in Entra and Teams.
const (
	TeamsAnn     = "a0000000-0000-4000-8000-00000000000a"
	TeamsBen     = "b0000000-0000-4000-8000-00000000000b"
	TeamsZoe     = "20000000-0000-4000-8000-000000000002"
	TeamsTeam    = "19:acmeteam00000000000000000000001@thread.tacv2"
	TeamsSupport = "19:acmesupport0000000000000000001@thread.tacv2"
)

// SlackPeople are Ann, Ben and Zoe in Slack.
func SlackPeople() []slackfake.User {
	return []slackfake.User{
		{ID: Ann, Name: "ann", RealName: "Ann Lee", Email: "ann@acme.test"},
		{ID: Ben, Name: "ben", RealName: "Ben Katz", Email: "ben@acme.test"},
		{ID: Zoe, Name: "zoe", RealName: "Zoe Marsh", Email: "zoe@acme.test"},
	}
}

// NewOrganisation makes an organisation in Teams with Ann, Ben and Zoe beside those whom o names,
// and the team with its channel support before those that o names. It is not started yet.
func NewOrganisation(o teamsfake.Options) *teamsfake.Server {
	o.Users = append(o.Users,
		teamsfake.User{ID: TeamsAnn, Name: "Ann Lee", Email: "ann@acme.test"},
		teamsfake.User{ID: TeamsBen, Name: "Ben Katz", Email: "ben@acme.test"},
		teamsfake.User{ID: TeamsZoe, Name: "Zoe Marsh", Email: "zoe@acme.test"})
	o.Teams = []teamsfake.Team{{ID: TeamsTeam, Name: "Acme"}}
	o.Channels = append([]teamsfake.Channel{{ID: TeamsSupport, Team: TeamsTeam, Name: "support"}}, o.Channels...)
	return teamsfake.New(o)
}
