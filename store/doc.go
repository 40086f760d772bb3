// Package store keeps Parley's nouns in PostgreSQL: a noun, a file, with its SQL
// in plain sight. Functions that take a pgx.Tx belong to their caller's
// transaction; those on DB run one of their own.
//
// What does not belong here: decisions, HTTP, and vendors' words.
package store
