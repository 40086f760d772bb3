// Package schema changes the tables of a database to those that this version of Parley needs (Migrator),
// while other processes work on them, and prepares a database so that the previous version can work on it
// again (MigrateBack). The migrations themselves are in store/migrations.
//
// What does not belong here: what a row means. Package store says that, beside its types.
package schema
