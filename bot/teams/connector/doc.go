// Package connector speaks the Bot Connector API of Microsoft Teams: the shapes on the
// wire, the client for conversations, members and teams, and the token that it needs.
//
// What does not belong here: what a post looks like (bot/teams/card), what an activity
// means (bot/teams), whether a request from outside is genuine (bot/teams/auth).
//
// Source: learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-api-reference
// and learn.microsoft.com/microsoftteams/platform/bots, read 2026-11.
package connector
