package store

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/*.sql
var migrations embed.FS

// ErrNewerSchema means that a newer Parley has changed the database in a way
// that this binary does not know.
var ErrNewerSchema = errors.New("store: the database was migrated by a newer Parley")

// Migrate brings the schema up to date. Several processes may call it at once:
// one works, the others wait.
// Errors: ErrNewerSchema when the schema is more than one version ahead; ErrRestoring.
func Migrate(ctx context.Context, pool *pgxpool.Pool) error {
	backup, err := Restoring(ctx, pool)
	if err != nil {
		return err
	}
	if backup != "" {
		return fmt.Errorf("%w: run parley restore again with the same file", ErrRestoring)
	}
	return migrate(ctx, pool)
}

func migrate(ctx context.Context, pool *pgxpool.Pool) error {
	provider, closeDB, err := newProvider(pool)
	if err != nil {
		return err
	}
	defer closeDB()
	current, target, err := provider.GetVersions(ctx)
	if err == nil && current > target+1 {
		return fmt.Errorf("%w: schema %d, this binary knows %d", ErrNewerSchema, current, target)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("store: migrate: %w", err)
	}
	return nil
}

// Migrated says whether every migration that this binary knows is applied.
func Migrated(ctx context.Context, pool *pgxpool.Pool) (bool, error) {
	const applied = `SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied`
	var version int64
	if err := pool.QueryRow(ctx, applied).Scan(&version); err != nil {
		return false, fmt.Errorf("store: migrated: %w", err)
	}
	return version >= SchemaVersion(), nil
}

// MigrationFiles gives the embedded migrations, for tests that build a template.
func MigrationFiles() fs.FS { return migrations }

func newProvider(pool *pgxpool.Pool) (*goose.Provider, func(), error) {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, nil, fmt.Errorf("store: migrations: %w", err)
	}
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
	if err != nil {
		return nil, nil, fmt.Errorf("store: migrations: %w", err)
	}
	db := stdlib.OpenDBFromPool(pool)
	provider, err := goose.NewProvider(goose.DialectPostgres, db, sub, goose.WithSessionLocker(locker))
	if err != nil {
		_ = db.Close()
		return nil, nil, fmt.Errorf("store: migrations: %w", err)
	}
	return provider, func() { _ = db.Close() }, nil
}

// InTx runs f in one READ COMMITTED transaction.
func InTx(ctx context.Context, pool *pgxpool.Pool, f func(pgx.Tx) error) error {
	if err := pgx.BeginFunc(ctx, pool, f); err != nil {
		return fmt.Errorf("store: transaction: %w", err)
	}
	return nil
}

// CheckServer refuses a server that is too old or a database that isn't UTF-8.
func CheckServer(ctx context.Context, q Querier) error {
	var version int
	var encoding string
	const ask = `SELECT current_setting('server_version_num')::int, current_setting('server_encoding')`
	if err := q.QueryRow(ctx, ask).Scan(&version, &encoding); err != nil {
		return fmt.Errorf("store: server: %w", err)
	}
	if version < 150000 {
		return fmt.Errorf("store: PostgreSQL %d is too old; Parley needs 15 or newer", version/10000)
	}
	if encoding != "UTF8" {
		return fmt.Errorf("store: the database's encoding is %s; create one with ENCODING 'UTF8'", encoding)
	}
	return nil
}
