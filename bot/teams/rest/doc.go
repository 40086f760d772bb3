// Package rest has what requests to the Bot Connector (Teams' API for bots) and to Microsoft Graph have in common: the
// access token, which is renewed once if it is refused; the hosts to which the token may be sent; and limits on time
// and size.
//
// What does not belong here: paths, bodies and the meaning of errors (bot/teams/connector, bot/teams/graph).
package rest
