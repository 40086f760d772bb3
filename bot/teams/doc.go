// Package teams connects Parley to Microsoft Teams: a conversation is a thread of a channel of a team.
//
// Surface only joins the parts. door receives requests, and answers those of people's clients (invocation). intake
// makes facts of the others; installation learns where the app is installed, and deletions finds out which messages were
// deleted and restored. poster makes posts, history finds what no activity told us, access remembers what Teams
// refuses us, and files reads what people attached. All of them share one organisation.Organisation, which has what
// is known of teams, channels and people. What is stored of all that, and what it means, is in fact.
//
// Sources of protocol facts stand where these are used. What does not belong here: what verbs do and what leaves
// (bridge), what cards say (bot/view) and how they are written down (bot/teams/card), what the app offers in menus
// (bot/teams/manifest), who may send requests (bot/teams/auth), how calls are made (bot/teams/connector,
// bot/teams/graph).
package teams
