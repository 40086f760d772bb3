package main

import (
	"context"
	"fmt"
	"log/slog"

	"parley/cmd/parley/app"
	"parley/store/schema"
)

// migrateCommand is `parley migrate`.
type migrateCommand struct {
	Back bool `help:"Prepare the database for the version before instead. Stop every process first. Possible until a week after the last process of that version ended."`
}

// Run brings the database up to date, or with --back prepares it for the version before, and says so.
func (c migrateCommand) Run(ctx context.Context) error {
	return withDatabase(ctx, databaseUse{mayBeNew: true}, func(ctx context.Context, _ app.Env, db *app.Database, _ *slog.Logger) error {
		result := "The database is up to date."
		if c.Back { // withDatabase has migrated it: MigrateBack takes only a database of this version
			if err := schema.MigrateBack(ctx, db.Pool); err != nil {
				return err
			}
			result = "The version before can take over the database now."
		}
		_, err := fmt.Println(result)
		return err
	})
}
