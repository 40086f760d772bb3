// Package setup is what an admin says about people, teams and accounts: it reads and
// checks parley.yaml, compares it with the database, writes the difference, and
// writes the file anew from the database.
//
// It knows no channel: a channel's section of the file is described by its
// channels.Spec. Not here: environment variables of the process (the caller's), the
// command line, connecting to anything (see Lookup).
package setup
