package store

import (
	"context"
	"errors"

	"parley/store/internal/query"
)

// ErrRestoring means that a restore into this database has not ended. No process may work on the database yet.
var ErrRestoring = errors.New("store: a restore into this database has not ended")

// While a restore runs, the database has the table parley_restoring (restore.Begin). It is a table of its own, because all
// other tables come from the backup. While it exists, schema.Migrate refuses to run: a process that worked on half a
// restore would send messages again.
const (
	findRestore = `SELECT to_regclass('parley_restoring') IS NOT NULL`
	getRestore  = `SELECT backup FROM parley_restoring`
)

// Restoring returns the backup of a restore that has not ended, or "" if there is none.
func Restoring(ctx context.Context, q Querier) (backup string, err error) {
	found, err := query.Value[bool](ctx, q, "restoring", findRestore)
	if err != nil || !found {
		return "", err
	}
	return query.Value[string](ctx, q, "restoring", getRestore)
}
