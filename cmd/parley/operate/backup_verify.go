package operate

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store/pgserver"
	"parley/store/schema"
)

// trialPrefix begins the names of the temporary folders of Verify.
const trialPrefix = "parley-verify-"

// Verify proves that a backup can be restored. It restores it into a temporary PostgreSQL server, compares the
// row counts with the manifest, and runs the migrations of this program. The server's folder is created in temp
// ("" means the system's default) and removed afterwards; it takes as much space as the database. say reports
// progress to the operator.
func Verify(ctx context.Context, path, temp string, log *slog.Logger, say func(string)) (m Manifest, err error) {
	a, err := Open(path)
	if err != nil {
		return Manifest{}, err
	}
	defer func() { _ = a.Close() }()
	m = a.Manifest
	if err := errors.Join(a.checkReadable(), a.Check(ctx, nil)); err != nil {
		return m, err
	}

	say("Its checksums are right. Restoring it into a database of its own …")
	dir, err := os.MkdirTemp(temp, trialPrefix)
	if err != nil {
		return m, fmt.Errorf("backup: %w", err)
	}
	defer func() { err = errors.Join(err, pgserver.Remove(dir)) }()

	// If we are root, the server runs as another user and must be able to enter. Its files are private.
	if err := os.Chmod(dir, 0o711); err != nil { //nolint:gosec // see above
		return m, fmt.Errorf("backup: %w", err)
	}

	server, err := pgserver.Start(ctx, pgserver.Options{Dir: dir, Log: log, Say: say})
	if err != nil {
		return m, fmt.Errorf("backup: a server to try it on: %w", err)
	}
	defer func() { err = errors.Join(err, server.Close(context.WithoutCancel(ctx))) }()

	target := server.URL(pgserver.Database)
	if err := restoreDump(ctx, a, target, server.BinDir()); err != nil {
		return m, err
	}
	if err := compareRows(ctx, a, target); err != nil {
		return m, err
	}

	pool, err := pgxpool.New(ctx, target)
	if err != nil {
		return m, fmt.Errorf("backup: %w", err)
	}
	defer pool.Close()
	return m, schema.MigrateRestored(ctx, pool)
}
