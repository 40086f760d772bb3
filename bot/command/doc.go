// Package command is the grammar of what teammates type: it turns text into the verbs of
// bot/verb and the arguments of bridge.Action.
//
// What does not belong here: who may do what, what is sent (bridge), how it looks
// (bot/view), and any vendor's syntax. Surfaces cut off a leading mention of the app
// before they call this package, and pass other mentions as tokens.
package command
