package schema

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/pressly/goose/v3"

	"parley/store"
)

// ErrNewer means that a newer Parley has removed from the database what
// this binary needs.
var ErrNewer = errors.New("store: the database was migrated by a newer Parley")

// Migrator brings the schema of one database up to date while other processes work on it.
type Migrator struct {
	Pool *pgxpool.Pool

	// Report gets a sentence about each migration that was applied and about what the migrator
	// waits for: at once when that changes, and every RemindEvery while it lasts. It may be called
	// from two goroutines at once. It may be nil.
	Report func(text string)

	RemindEvery time.Duration // zero means a minute
}

// Migrate brings the schema up to date without reports; see Migrator.Run.
func Migrate(ctx context.Context, pool *pgxpool.Pool) error { return Migrator{Pool: pool}.Run(ctx) }

// MigrateRestored is Migrate for `parley restore`: it also works while a restore has not ended.
func MigrateRestored(ctx context.Context, pool *pgxpool.Pool) error {
	return Migrator{Pool: pool}.run(ctx)
}

// Run applies the migrations that are missing. Several processes may call it at once: one works, the
// others wait for it without limit. Processes that use the database meanwhile wait for at most
// lockTimeout, because a statement that gets no lock gives up and is tried again, until ctx ends.
// A schema that is newer is left as it is. Errors: ErrNewer when this binary can't work with that; store.ErrRestoring.
func (m Migrator) Run(ctx context.Context) error {
	backup, err := store.Restoring(ctx, m.Pool)
	if err != nil {
		return err
	}
	if backup != "" {
		return fmt.Errorf("%w: run parley restore again with the same file", store.ErrRestoring)
	}
	return m.run(ctx)
}

func (m Migrator) run(ctx context.Context) (err error) {
	missing, err := m.hasMissing(ctx)
	if err != nil || !missing {
		return err
	}

	session, err := openMigrationSession(ctx, m)
	if err != nil {
		return fmt.Errorf("store: migrate: %w", err)
	}
	defer func() { err = errors.Join(err, session.close()) }()

	if err := session.lock(ctx); err != nil {
		return fmt.Errorf("store: migrate: wait for another process: %w", err)
	}

	missing, err = m.hasMissing(ctx) // another process may have migrated meanwhile
	if err != nil || !missing {
		return err
	}
	if err := session.applyAll(ctx); err != nil {
		return fmt.Errorf("store: migrate: %w", err)
	}

	return nil
}

// hasMissing returns whether this binary knows migrations that are not applied yet.
// Errors: ErrNewer.
func (m Migrator) hasMissing(ctx context.Context) (bool, error) {
	current, err := VersionOf(ctx, m.Pool)
	if err != nil {
		return false, err
	}
	if current == 0 {
		return true, nil
	}
	if current > Version() {
		if err := m.checkOldest(ctx, current); err != nil {
			return false, err
		}
	}
	migrated, err := IsMigrated(ctx, m.Pool)
	return !migrated, err
}

// checkOldest checks whether this binary may work with tables that a newer one has migrated.
// Errors: ErrNewer.
func (m Migrator) checkOldest(ctx context.Context, current int64) error {
	var oldest int64
	if err := m.Pool.QueryRow(ctx, `SELECT version FROM oldest_schema WHERE id = 1`).Scan(&oldest); err != nil {
		return fmt.Errorf("store: oldest schema: %w", err)
	}
	if Version() < oldest {
		return fmt.Errorf("%w: schema %d needs a Parley of schema %d or newer, this binary knows %d", ErrNewer, current, oldest, Version())
	}
	return nil
}

// applyAll applies one migration after the other. A migration that runs in a transaction is repeated
// as a whole when it doesn't get its locks. In other migrations ExecContext repeats the statement.
func (s *migrationSession) applyAll(ctx context.Context) error {
	files, err := fs.Sub(store.MigrationFiles(), "migrations")
	if err != nil {
		return err
	}

	provider, err := goose.NewProvider(goose.DialectPostgres, s.db, files, goose.WithAllowOutofOrder(true))
	if err != nil {
		return err
	}

	var retry lockRetry
	var count int
	var last string
	var took time.Duration
	s.progress.tell("the tables are brought up to date")
	for {
		applied, err := provider.UpByOne(ctx)
		switch {
		case errors.Is(err, goose.ErrNoNextVersion):
			s.progress.tell(fmt.Sprintf("applied %d migrations in %s, the last is %s", count, took.Round(time.Millisecond), last))
			return nil
		case isLockTimeout(err):
			if err := retry.wait(ctx, s.progress); err != nil {
				return err
			}
		case err != nil:
			return err
		default:
			count, last, took = count+1, path.Base(applied.Source.Path), took+applied.Duration
			retry = lockRetry{}
		}
	}
}

// IsMigrated returns whether every migration that this binary knows is applied. It looks for each of them:
// an earlier one may be missing although the newest is applied, if a build without it used the database.
func IsMigrated(ctx context.Context, pool *pgxpool.Pool) (bool, error) {
	const unapplied = `SELECT count(*) FROM unnest($1::bigint[]) AS known(version)
		WHERE NOT EXISTS (SELECT FROM goose_db_version AS done WHERE done.version_id = known.version AND done.is_applied)`
	var missing int
	if err := pool.QueryRow(ctx, unapplied, knownVersions()).Scan(&missing); err != nil {
		return false, fmt.Errorf("store: migrated: %w", err)
	}
	return missing == 0, nil
}

// ErrReadOnly means that the database can be read and takes no changes.
var ErrReadOnly = errors.New("store: the database takes no changes: it is a standby, or default_transaction_read_only is on," +
	" as some providers do when a disk is full")

// CheckServer refuses a server that is too old, a database that isn't UTF-8, and one that takes no changes. Errors: ErrReadOnly.
func CheckServer(ctx context.Context, q store.Querier) error {
	var version int
	var encoding string
	var isReadOnly bool
	const ask = `
		SELECT current_setting('server_version_num')::int, current_setting('server_encoding'),
			current_setting('transaction_read_only')::bool`
	if err := q.QueryRow(ctx, ask).Scan(&version, &encoding, &isReadOnly); err != nil {
		return fmt.Errorf("store: server: %w", err)
	}

	const majorUnit = 10_000 // PostgreSQL's version number of 15.4 is 150004
	if major := version / majorUnit; major < 15 {
		return fmt.Errorf("store: PostgreSQL %d is too old; Parley needs 15 or newer", major)
	}
	if encoding != "UTF8" {
		return fmt.Errorf("store: the database's encoding is %s; create one with ENCODING 'UTF8'", encoding)
	}
	if isReadOnly {
		return ErrReadOnly
	}
	return nil
}
