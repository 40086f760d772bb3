package main

import (
	"context"
	"log/slog"

	"parley/cmd/parley/app"
)

// withDatabase runs a sub-command on the database: it opens it, migrates it, calls f, and closes it. The sub-commands serve, demo,
// backup, restore and doctor open it themselves.
func withDatabase(ctx context.Context, f func(context.Context, app.Env, *app.Database, *slog.Logger) error) error {
	env, log, err := readEnvironment()
	if err != nil {
		return err
	}
	db, err := app.OpenDatabase(ctx, env, log, printRemark)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := db.Migrate(ctx, env); err != nil {
		return err
	}
	return f(ctx, env, db, log)
}
