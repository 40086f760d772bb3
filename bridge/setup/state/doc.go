// Package state holds everything that parley.yaml describes as the database has it, or as it is to be: people, teams,
// accounts, tags, templates, with names in place of ids. It reads that from the database, opens and seals the secrets
// of accounts, and says of each thing in words what it is like, so that two states can be compared.
//
// What does not belong here: the file, what changes in it, and writing to the database.
package state
