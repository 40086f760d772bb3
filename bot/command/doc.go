// Package command is the grammar of what teammates type, click and react with:
// it turns text, button values and emoji names into verbs and arguments of
// bridge.Action, and explains each verb.
//
// What does not belong here: who may do what, what is sent (bridge), how it looks
// (bot/view), and any vendor's syntax: surfaces cut their own mention of the app
// off and name the others as tokens.
package command
