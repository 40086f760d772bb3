// Package overlay changes what is set up to what a file says, and refuses what doesn't fit together: teams that don't
// exist, fields that a channel doesn't have. It works on a state alone.
//
// What does not belong here: reading the file, looking anything up, who may change what, writing to the database.
package overlay
