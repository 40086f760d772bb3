package main

import (
	"context"
	"log/slog"

	"parley/cmd/parley/app"
)

// databaseUse says what a sub-command does with the database.
type databaseUse struct {
	mayBeNew       bool // the embedded database is made if there is none
	changesNothing bool // a database with data that would have to be migrated is refused
}

// withDatabase runs a sub-command on the database: it opens it, migrates it, calls f, and closes it. The sub-commands serve, demo,
// backup, restore and doctor open it themselves.
func withDatabase(ctx context.Context, use databaseUse, f func(context.Context, app.Env, *app.Database, *slog.Logger) error) error {
	env, log, err := readEnvironment()
	if err != nil {
		return err
	}
	open := app.OpenDatabase
	if !use.mayBeNew {
		open = app.OpenExistingDatabase
	}
	db, err := open(ctx, env, log, printRemark)
	if err != nil {
		return err
	}
	defer db.Close()

	if use.changesNothing {
		if err := db.RefuseOlderSchema(ctx); err != nil {
			return err
		}
	}
	if err := db.Migrate(ctx, env); err != nil { // also makes the tables of an empty database, and opens the secrets
		return err
	}
	return f(ctx, env, db, log)
}
