// Package overlay applies a parsed parley.yaml to a state, which is the set-up as Parley has read it from the database. For
// example, if the file lists an account that the state doesn't have, overlay adds it. It refuses values that don't fit
// together, such as a team that doesn't exist, or a field that a channel doesn't have. It works in memory only.
//
// What does not belong here: reading the file, looking up people and channels in chats, who may change what, and writing
// to the database.
package overlay
