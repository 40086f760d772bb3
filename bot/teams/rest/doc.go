// Package rest makes the authenticated calls that the Bot Connector and Microsoft Graph
// have in common: the token by client credentials, renewed once when it is refused, the
// hosts that may get it, and bounds on time and size.
//
// What does not belong here: paths, bodies and the meaning of errors (bot/teams/connector,
// bot/teams/graph).
package rest
