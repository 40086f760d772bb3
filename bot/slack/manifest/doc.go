// Package manifest describes Parley to Slack: the app's manifest, with its permissions, events, commands and shortcuts.
//
// What does not belong here: what happens when something is chosen (bot/slack), and the verbs' words (bot/verb).
package manifest
