// Package auth decides whether a request that claims to come from the Bot Connector really does. It
// checks the request's token and keeps the keys that sign tokens. It also decides which unsigned
// requests a developer may send from the same machine.
//
// What does not belong here: HTTP (bot/teams/inbound), and who may do what (bridge).
//
// Source: learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-authentication,
// "Authenticate requests from the Bot Connector service to your bot", read 2026-11.
package auth
