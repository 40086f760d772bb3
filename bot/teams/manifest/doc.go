// Package manifest describes Parley to Teams: the app's package, which an admin uploads, with its manifest
// and icons, and the ids of what it offers in menus, by which Teams names them when they are chosen.
//
// What does not belong here: what happens when something is chosen (bot/teams), and the verbs' words
// (bot/verb).
package manifest
