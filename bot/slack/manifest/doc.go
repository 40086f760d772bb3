// Package manifest describes Parley to Slack: the app's manifest, with its permissions, events, commands and shortcuts.
//
// What does not belong here: what happens when somebody picks a command or shortcut (bot/slack), and the names of verbs
// (bot/verb).
package manifest
