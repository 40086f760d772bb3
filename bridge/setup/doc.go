// Package setup is about parley.yaml, in which an admin describes people, teams and accounts. It reads and checks the
// file, compares it with the database, writes the difference to the database, and exports the database as such a file.
//
// Package parleyfile parses the file. Package state reads what is set up in the database, which is called a state.
// Package overlay changes a copy of the state to what the file says. This package then decides whether the change may be
// made, describes it to people, and saves it. Package export writes a state as a file again.
//
// This package doesn't depend on any kind of channel: a channels.Spec describes the channel's section of the file.
//
// What does not belong here: environment variables of the process, the command line, and connections to other systems
// (see Lookup).
package setup
