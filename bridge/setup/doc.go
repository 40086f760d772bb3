// Package setup is about parley.yaml, in which an admin describes people, teams and accounts. It reads and checks the
// file, compares it with the database, writes the difference to the database, and exports the database as such a file.
//
// A file is read by package parleyfile. What is set up is a state, read by package state; package overlay changes a copy
// of it to what the file says. This package then decides whether the change may be made, tells people what it is, and
// saves it. Package export writes a state as a file again.
//
// It knows no channel: a channel's section of the file is described by its channels.Spec.
//
// What does not belong here: environment variables of the process, the command line, connections to
// anything (see Lookup).
package setup
