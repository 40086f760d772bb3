// Package rest has what calls of the Bot Connector and of Microsoft Graph have in common: the token
// by client credentials, which is renewed once when it is refused, the hosts that may get the
// token, and bounds on time and size.
//
// What does not belong here: paths, bodies and the meaning of errors (bot/teams/connector,
// bot/teams/graph).
package rest
