// Package teams connects Parley to Microsoft Teams: a conversation is a thread of a
// channel of a team.
//
// Surface only joins the parts. The door takes requests and answers those of clients (invocation);
// the intake makes facts of the rest, with what installation and lives know of the app and of
// messages. The poster makes posts and history finds what nobody told, as far as access allows;
// files are what people attached. All of them see one organisation by one app.
//
// Sources of protocol facts stand where these are used. What does not belong here: what
// verbs do and what leaves (bridge), what cards say (bot/view) and how they are written
// down (bot/teams/card), who may send requests (bot/teams/auth), how calls are made
// (bot/teams/connector, bot/teams/graph).
package teams
