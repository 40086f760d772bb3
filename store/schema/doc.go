// Package schema changes the tables of a database to those that this version of Parley needs (Migrator), while other
// processes work on them. The migrations
// themselves are in store/migrations.
//
// What does not belong here: what the rows mean (package store, beside its types).
package schema
