// Package connector is a client for the Bot Connector, the API of Microsoft Teams for bots: its JSON types, and the
// requests about messages, conversations, members and teams.
//
// What does not belong here: what a post looks like (bot/teams/card), what an activity means (bot/teams), and whether
// an incoming request is genuine (bot/teams/auth).
//
// Source: learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-api-reference
// and learn.microsoft.com/microsoftteams/platform/bots, read 2026-11.
package connector
