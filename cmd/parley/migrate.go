package main

import (
	"context"
	"fmt"
	"log/slog"

	"parley/cmd/parley/app"
)

// migrateCommand is `parley migrate`.
type migrateCommand struct{}

// Run brings the database up to date and says so.
func (migrateCommand) Run(ctx context.Context) error {
	return withDatabase(ctx, databaseUse{mayBeNew: true}, func(context.Context, app.Env, *app.Database, *slog.Logger) error {
		_, err := fmt.Println("The database is up to date.")
		return err
	})
}
