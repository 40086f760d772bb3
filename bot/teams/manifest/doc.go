// Package manifest describes Parley to Teams. It makes the app package that an admin uploads, which has a manifest and
// icons. It also has the ids of the menu entries in the manifest, which Teams sends when somebody chooses an entry.
//
// What does not belong here: what happens when an entry is chosen (bot/teams), and the names of verbs (bot/verb).
package manifest
