package main

import (
	"context"
	"log/slog"

	"parley/cmd/parley/app"
)

// databaseUse says what a sub-command does with the database.
type databaseUse struct {
	mayBeNew bool // the embedded database is made if there is none, and Parley's tables in an empty one
	readOnly bool // a database that would have to be migrated is refused
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

	if !use.mayBeNew {
		if err := db.RefuseEmpty(ctx); err != nil {
			return err
		}
	}
	if use.readOnly {
		if err := db.RefuseOlderSchema(ctx); err != nil {
			return err
		}
	}
	if err := db.Migrate(ctx, env); err != nil { // also opens the secrets
		return err
	}
	return f(ctx, env, db, log)
}
