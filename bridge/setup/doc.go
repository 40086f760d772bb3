// Package setup is about parley.yaml, in which an admin describes people, teams and accounts. It reads and checks the
// file, compares it with the database, writes the difference to the database, and exports the database as such a file.
//
// The files parleyfile_*.go parse the file. Those of state_ read what is set up in the database, which is called a state.
// Those of overlay_ change a copy of the state to what the file says. The others then decide whether the change may be
// made, describe it to people, and save it. Those of export_ write a state as a file again.
//
// This package doesn't depend on any kind of channel: a channels.Spec describes the channel's section of the file.
//
// What does not belong here: environment variables of the process, the command line, and connections to other systems
// (see Lookup).
package setup
