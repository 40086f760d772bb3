// Package teams connects Parley to Microsoft Teams: a conversation is a thread of a
// channel of a team.
//
// Sources of protocol facts stand where these are used. What does not belong here: what
// verbs do and what leaves (bridge), what cards say (bot/view) and how they are written
// down (bot/teams/card), who may send requests (bot/teams/auth), how calls are made
// (bot/teams/connector, bot/teams/graph).
package teams
