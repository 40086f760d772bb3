// Package setup is about parley.yaml, in which an admin describes people, teams and accounts. It reads
// and checks the file, compares it with the database, writes the difference to the database, and exports
// the database as such a file.
//
// It knows no channel: a channel's section of the file is described by its channels.Spec.
//
// What does not belong here: environment variables of the process, the command line, connections to
// anything (see Lookup).
package setup
