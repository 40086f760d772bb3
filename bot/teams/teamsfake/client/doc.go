// Package client is what Teams' clients make of what they are given: which cards and texts they do not
// show as they were meant, what HTML they make of Markdown, what a person may fill in, and what a button
// then sends. All of it is pure, so that the emulator (bot/teams/teamsfake) and tests of cards can ask it.
//
// What does not belong here: people, channels and messages (bot/teams/teamsfake), and anything that knows
// Parley.
package client

// object is a JSON object.
type object = map[string]any
