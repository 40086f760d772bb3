// Package client imitates how a Teams client handles what a bot sends. It reports content that a client wouldn't show as
// the bot meant it, converts Markdown to HTML, checks what a person fills into a form, and returns what a button sends.
//
// It has no state and makes no requests, so both the emulator (bot/teams/teamsfake) and tests of cards call it.
//
// What does not belong here: people, channels and messages (bot/teams/teamsfake), and anything that depends on Parley.
package client

// object is a JSON object whose fields are looked up by name.
type object = map[string]any
