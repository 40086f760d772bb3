// Package command parses the commands that agents type in a chat, such as "snooze tomorrow". It turns a text into one of
// the verbs of package bot/verb and the arguments of a bridge.Action. Before a chat's package calls this one, it cuts off
// a leading mention of the app, and replaces other mentions by tokens.
//
// What does not belong here: who may do what, what is sent (bridge), how it looks (bot/view), and any vendor's syntax.
package command
