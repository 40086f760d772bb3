// Package http is the channel for systems that a company runs itself: a shop, an app, a game. Such a system
// posts signed JSON to Parley's webhook, and Parley posts signed JSON to the system's callback. Both forms
// are described in docs/http-channel.md and, for machines, in docs/http-channel.schema.json.
//
// What does not belong here: any particular receiver, decisions, SQL.
package http
