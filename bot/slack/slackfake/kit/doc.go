// Package kit is Block Kit as Slack's servers and clients know it: which blocks they refuse and what they
// add to others, whom they mention, what a person may fill in and the state that comes of it, and the rich
// text that Slack's editor makes of what somebody types. All of it is pure.
//
// What does not belong here: messages, views and calls (bot/slack/slackfake), and anything that knows Parley.
package kit

// object is a JSON object.
type object = map[string]any
