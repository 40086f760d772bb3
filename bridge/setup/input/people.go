package input

import (
	"parley/bridge"
	"parley/store"
)

func agentFields() []Field {
	list := []Field{
		{
			Path: "email", Label: "E-mail address", Input: InputLine, Required: true, Fixed: true,
			Help: "An agent is known by it, in chats too.",
		},
		{
			Path: "name", Label: "Name", Input: InputLine, Required: true,
			Help: "Colleagues and customers see it.",
		},
		{
			Path: "roles", Label: "Roles", Input: InputList, Choices: store.Roles(),
			Help: "Admins may open these pages and change what is set up. Super-admins also say who is an admin, " +
				"and connect chats.",
		},
		{
			Path: "zone", Label: "Time zone", Input: InputLine,
			Help: "Such as `Europe/Berlin`; empty: that of the business hours, without any that of the server.",
		},
		{
			Path: "presence", Label: "Presence", Input: InputChoice, Choices: Presences(),
			Default: bridge.PresenceAvailable,
			Help: "While somebody is away, the team is told when one of their conversations needs somebody, and " +
				"they are not suggested as an owner.",
		},
		{
			Path: "quiet", Label: "No mention when", Input: InputList, Choices: bridge.NoticesToChoose(),
			Help: "The line in the thread then gives the name, and the chat notifies nobody. The end of a snooze, " +
				"and what a customer did not get, are always told.",
		},
		{
			Path: "signature", Label: "Signature", Input: InputText,
			Help: "Markdown, below the mails that this person writes, in place of the account's. In chats the " +
				"account's counts.",
		},
	}
	return append(list, userFields()...)
}

// Presences are the values of an agent's presence.
func Presences() []string { return []string{bridge.PresenceAvailable, bridge.PresenceAway} }

func userFields() (list []Field) {
	for _, kind := range Chats() {
		list = append(list, Field{
			Path: kind, Label: "User in " + ChatName(kind), Input: InputLine,
			Help: "The id there. Empty: found by the e-mail address; one that is taken out here is looked for at " +
				"the next save.",
		})
	}
	return list
}

func teamFields() []Field {
	list := []Field{
		{Path: "name", Label: "Name", Input: InputLine, Required: true, Fixed: true},
		{Path: "members", Label: "Members", Help: "The e-mail addresses of agents.", Input: InputList},
	}
	list = append(list, channelFields("The team's conversations open there. `#name`, or the channel's link or id.")...)
	return append(list,
		Field{
			Path: "home", Label: "New conversations open in", Input: InputChoice,
			Choices: append([]string{""}, Chats()...),
			Help:    "Needed when the team has a channel in both chats.",
		},
		Field{
			Path: "agents", Label: "Who becomes its agent", Input: InputChoice, Choices: AgentRules(),
			Default: store.AgentsListed,
			Help: "Whoever comes into the team's channel after you confirmed its members can become its agent by " +
				"that; guests and bots never do.",
		},
		Field{
			Path: "emoji", Label: "Emoji that are verbs", Input: InputGroup,
			Help: "In the team's channels, beside the usual ones.",
		},
		Field{
			Path: "weekly_figures", Label: "Tell how the week was", Input: InputLine,
			Help: "When the team's channel gets last week's figures, as a cron expression: `0 9 * * MON` is " +
				"Mondays at nine, in the zone of the team's business hours. Empty: never.",
		})
}

// AgentRules are the values of a team's agents.
func AgentRules() []string { return []string{store.AgentsListed, store.AgentsOfChannel} }
