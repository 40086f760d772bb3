package main

import (
	"context"
	"log/slog"

	"parley/cmd/parley/app"
)

// useDatabase is withDatabase or withMigratedDatabase.
type useDatabase func(context.Context, func(context.Context, app.Env, *app.Database, *slog.Logger) error) error

// withDatabase runs a sub-command on the database: it opens it, migrates it, calls f, and closes it. The sub-commands serve, demo,
// backup, restore and doctor open it themselves.
func withDatabase(ctx context.Context, f func(context.Context, app.Env, *app.Database, *slog.Logger) error) error {
	return openDatabase(ctx, func(env app.Env, db *app.Database, log *slog.Logger) error {
		if err := db.Migrate(ctx, env); err != nil {
			return err
		}
		return f(ctx, env, db, log)
	})
}

// withMigratedDatabase is withDatabase for a sub-command that changes nothing: it refuses a database with data that it
// would have to migrate.
func withMigratedDatabase(ctx context.Context, f func(context.Context, app.Env, *app.Database, *slog.Logger) error) error {
	return openDatabase(ctx, func(env app.Env, db *app.Database, log *slog.Logger) error {
		if err := db.RefuseOlderSchema(ctx); err != nil {
			return err
		}
		if err := db.Migrate(ctx, env); err != nil { // makes the tables of an empty database, and opens the secrets
			return err
		}
		return f(ctx, env, db, log)
	})
}

// openDatabase opens the database, calls f, and closes it.
func openDatabase(ctx context.Context, f func(app.Env, *app.Database, *slog.Logger) error) error {
	env, log, err := readEnvironment()
	if err != nil {
		return err
	}
	db, err := app.OpenDatabase(ctx, env, log, printRemark)
	if err != nil {
		return err
	}
	defer db.Close()
	return f(env, db, log)
}
