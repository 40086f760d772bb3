// Package setup is about parley.yaml, in which an admin describes people, teams and accounts. It reads and checks the
// file, compares it with the database, writes the difference to the database, and exports the database as such a file.
//
// Parse checks what a file says by itself. What is set up in the database is called a state; File.apply changes a copy of it to what the
// file says. One function reads each kind of entry for both and one writes it, such as overlay.readAgent and Agent in agent.go; kinds has
// them all. The others decide whether the change may be made, describe it to people, and save it.
//
// This package doesn't depend on any kind of channel: a channels.Spec describes the channel's section of the file.
//
// What does not belong here: environment variables of the process, the command line, and connections to other systems
// (see Lookup).
package setup
