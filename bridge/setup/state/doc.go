// Package state holds the set-up: everything that parley.yaml describes (people, teams, accounts, tags, templates), as the
// database has it or as it will be after a change. It refers to things by name instead of by id. It reads the set-up from
// the database, opens and seals the secrets of accounts, and describes each value in words (Attribute), so that two states
// can be compared.
//
// What does not belong here: the file (package parleyfile), what it changes (package overlay), and writing to the database
// (package setup).
package state
