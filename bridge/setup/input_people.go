package setup

import (
	"parley/bridge"
	"parley/store"
)

// agentFields describes an agent: a person who answers customers.
func agentFields() []Field {
	list := []Field{
		{
			Path: "email", Label: "E-mail address", Input: InputLine, Required: true, Fixed: true,
			Help: "It identifies the agent, also in chats.",
		},
		{
			Path: "name", Label: "Name", Input: InputLine, Required: true,
			Help: "Colleagues and customers see it.",
		},
		{
			Path: "roles", Label: "Roles", Input: InputList, Choices: store.Roles(),
			Help: "Admins may open these pages and change the set-up. Super-admins may also appoint admins and connect " +
				"chats.",
		},
		{
			Path: "zone", Label: "Time zone", Input: InputLine,
			Help: "For example `Europe/Berlin`. Empty: that of the business hours, or else that of the server.",
		},
		{
			Path: "presence", Label: "Presence", Input: InputChoice, Choices: Presences(),
			Default: bridge.PresenceAvailable,
			Help: "Only who is available gets conversations by rules. What customers of somebody who is away wait for goes back to the " +
				"queue, and the team is notified in place of the agent. Typed, an absence can have an end: `!away until monday`.",
		},
		{
			Path: "quiet", Label: "No mention when", Input: InputList, Choices: bridge.NoticesToChoose(),
			Help: "The line in the thread then shows the name without notifying the agent. The end of a snooze and " +
				"failed deliveries always notify.",
		},
		{
			Path: "capacity", Label: "Room for so many open conversations", Input: InputLine,
			Help: "Rules give the agent no more than these. Empty or `0`: no limit.",
		},
		{
			Path: "takes", Label: "Gets conversations by rules", Input: InputChoice, Choices: []string{"true", "false"}, Default: "true",
			Help: "Otherwise only what the agent takes, or colleagues assign.",
		},
		{Path: "skills", Label: "Skills", Input: InputList, Help: "Words that rules of accounts name: `german`."},
		{Path: "brands", Label: "Brands", Input: InputList, Help: "Of the customers whom the agent knows."},
		{
			Path: "hours", Label: "On duty", Input: InputGroup,
			Help: "When rules give the agent conversations, written as the business hours of an account. Empty: always.",
		},
		{
			Path: "signature", Label: "Signature", Input: InputText,
			Help: "Markdown. It replaces the account's signature below this person's mails. In chats with customers, " +
				"the account's signature is used.",
		},
	}
	return append(list, userFields()...)
}

// Presences returns the allowed values of an agent's presence.
func Presences() []string {
	return []string{bridge.PresenceAvailable, bridge.PresenceBusy, bridge.PresenceBreak, bridge.PresenceAway}
}

// userFields describes the agent's user in each chat in which agents work.
func userFields() []Field {
	var list []Field
	for _, kind := range Chats() {
		list = append(list, Field{
			Path: kind, Label: "User in " + ChatName(kind), Input: InputLine,
			Help: "The user's id. If it is empty, the user is looked up by e-mail address when the agent is saved.",
		})
	}
	return list
}

// teamFields describes a team: agents who share the conversations of some accounts.
func teamFields() []Field {
	list := []Field{
		{Path: "name", Label: "Name", Input: InputLine, Required: true, Fixed: true},
		{Path: "members", Label: "Members", Help: "The e-mail addresses of agents.", Input: InputList},
	}
	list = append(list, channelFields("The team's conversations open here. Write `#name`, or the channel's link or id.")...)
	return append(list,
		Field{
			Path: "home", Label: "New conversations open in", Input: InputChoice,
			Choices: append([]string{""}, Chats()...),
			Help:    "Needed when the team has a channel in both chats.",
		},
		Field{
			Path: "agents", Label: "Who becomes its agent", Input: InputChoice, Choices: AgentRules(),
			Default: store.AgentsListed,
			Help: "After you have confirmed the members of the team's channel, whoever joins the channel can become an " +
				"agent of the team automatically. Guests and bots never do.",
		},
		Field{
			Path: "board", Label: "Board", Input: InputChoice, Choices: BoardRules(), Default: BoardOff,
			Help: "One silent message in each of the team's channels shows what is urgent, unassigned, overdue and waking today. It " +
				"follows within a minute. Slack has it pinned; in Teams, pin it, so that everybody finds it.",
		},
		Field{
			Path: "emoji", Label: "Emoji that are verbs", Input: InputGroup,
			Help: "Reactions that act as commands in the team's channels, in addition to the default ones.",
		})
}

// Values of a team's board.
const (
	BoardOn  = "on"
	BoardOff = "off"
)

// BoardRules returns the allowed values of a team's board.
func BoardRules() []string { return []string{BoardOff, BoardOn} }

// AgentRules returns the allowed values of a team's rule for who becomes its agent.
func AgentRules() []string { return []string{store.AgentsListed, store.AgentsOfChannel} }
