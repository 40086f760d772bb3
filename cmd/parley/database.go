package main

import (
	"context"
	"fmt"
	"log/slog"

	"parley/cmd/parley/app"
	"parley/store/schema"
)

// withDatabase opens and migrates the database, and calls f: for sub-commands other than serve.
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

// migrateCommand is `parley migrate`.
type migrateCommand struct {
	Back bool `help:"Give the database back to the version before instead. Stop every process first; possible for a week after the upgrade."`
}

// Run migrates and says so.
func (c migrateCommand) Run(ctx context.Context) error {
	return withDatabase(ctx, func(ctx context.Context, _ app.Env, db *app.Database, _ *slog.Logger) error {
		result := "The database is up to date."
		if c.Back {
			if err := schema.MigrateBack(ctx, db.Pool); err != nil {
				return err
			}
			result = "The version before can take over the database now."
		}
		_, err := fmt.Println(result)
		return err
	})
}
