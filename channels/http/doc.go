// Package http is the plain channel for systems of one's own: a shop, an app, a game. It
// posts signed JSON to Parley's webhook, and Parley posts signed JSON to its callback.
// Both are described in docs/http-channel.md and, for machines, in
// docs/http-channel.schema.json; the channel was built along docs/adding-a-channel.md.
//
// What does not belong here: any particular receiver, decisions, SQL.
package http
