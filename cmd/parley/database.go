package main

import (
	"context"
	"fmt"
	"log/slog"

	"parley/cmd/parley/app"
)

// withDatabase opens the migrated database for a sub-command beside serve.
func withDatabase(ctx context.Context, f func(context.Context, app.Env, *app.Database, *slog.Logger) error) error {
	env, log, err := environment()
	if err != nil {
		return err
	}
	db, err := app.OpenDatabase(ctx, env, log, remark)
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
type migrateCommand struct{}

// Run migrates and says so.
func (migrateCommand) Run(ctx context.Context) error {
	return withDatabase(ctx, func(context.Context, app.Env, *app.Database, *slog.Logger) error {
		_, err := fmt.Println("The database is up to date.")
		return err
	})
}
