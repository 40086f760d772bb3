// Package kit imitates how Slack's servers and clients treat Block Kit, for the emulator of Slack (bot/slack/slackfake).
// It refuses the blocks that Slack refuses, adds the fields that Slack adds, and finds the people whom a message mentions.
// It checks what a person fills into a form and returns the form's state. It also turns a typed text into the rich text of
// Slack's editor. The package has no state and makes no requests.
//
// What does not belong here: messages, views and calls (bot/slack/slackfake), and anything that depends on Parley.
package kit

// object is a JSON object.
type object = map[string]any
