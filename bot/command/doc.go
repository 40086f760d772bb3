// Package command is the grammar of what teammates type: it turns text into the verbs of
// bot/verb and the arguments of bridge.Action.
//
// What does not belong here: who may do what, what is sent (bridge), how it looks
// (bot/view), and any vendor's syntax: surfaces cut their own mention of the app
// off and name the others as tokens.
package command
