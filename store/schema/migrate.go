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

// ErrNewer means that a newer version of Parley has migrated the database so far that this binary can't work with it.
var ErrNewer = errors.New("store: the database was migrated by a newer Parley")

// Migrator brings the schema of one database up to date while other processes work on it. For example, the first process
// of a new version adds a column while processes of the previous version still serve customers.
type Migrator struct {
	Pool *pgxpool.Pool

	Files fs.FS // the migrations; nil means those of this binary

	// Report receives a text about the progress and about what the migrator waits for: at once when
	// that changes, and every RemindEvery while the wait lasts. It may be called from two goroutines
	// concurrently. It may be nil.
	Report func(text string)

	RemindEvery time.Duration // zero means a minute
}

// Migrate brings the schema up to date without reports; see Migrator.Run.
func Migrate(ctx context.Context, pool *pgxpool.Pool) error { return Migrator{Pool: pool}.Run(ctx) }

// MigrateRestored is Migrate for `parley restore`: unlike Migrate, it works while the database is marked as being restored.
func MigrateRestored(ctx context.Context, pool *pgxpool.Pool) error {
	return Migrator{Pool: pool}.run(ctx)
}

// Run applies the missing migrations. Several processes may call it at once: one migrates, and the others wait for it
// without a time limit.
//
// A migration blocks other users of a table for at most lockTimeout at a time: a statement that can't get its lock gives
// up and is retried until ctx ends. A newer schema is left as it is.
// Errors: ErrNewer if this binary can't work with the newer schema; store.ErrRestoring.
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

// run is Run without the check for a restore.
func (m Migrator) run(ctx context.Context) (err error) {
	if m.Files == nil {
		m.Files = embedded()
	}
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

	missing, err = m.hasMissing(ctx) // another process may have migrated while this one waited
	if err != nil || !missing {
		return err
	}
	if err := session.applyAll(ctx); err != nil {
		return fmt.Errorf("store: migrate: %w", err)
	}

	return nil
}

// hasMissing reports whether this binary knows migrations that are not applied yet.
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
	migrated, err := isMigrated(ctx, m.Pool, m.Files)
	return !migrated, err
}

// checkOldest checks whether this binary can work with the schema current, which a newer one has made. Each migration that
// breaks older binaries records the oldest compatible schema.
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

// applyAll applies the missing migrations in order. If a migration in a transaction can't get a lock, the whole migration
// is retried. In migrations without a transaction, ExecContext retries the statement.
func (s *migrationSession) applyAll(ctx context.Context) error {
	provider, err := goose.NewProvider(goose.DialectPostgres, s.db, s.files, goose.WithAllowOutofOrder(true))
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

// IsMigrated reports whether every migration that this binary knows is applied. It checks each of them, because an earlier
// one may be missing although the newest is applied, if a build without it used the database.
func IsMigrated(ctx context.Context, pool *pgxpool.Pool) (bool, error) {
	return isMigrated(ctx, pool, embedded())
}

func isMigrated(ctx context.Context, pool *pgxpool.Pool, migrations fs.FS) (bool, error) {
	const unapplied = `SELECT count(*) FROM unnest($1::bigint[]) AS known(version)
		WHERE NOT EXISTS (SELECT FROM goose_db_version AS done WHERE done.version_id = known.version AND done.is_applied)`
	var missing int
	if err := pool.QueryRow(ctx, unapplied, versionsIn(migrations)).Scan(&missing); err != nil {
		return false, fmt.Errorf("store: migrated: %w", err)
	}
	return missing == 0, nil
}

// ErrReadOnly means that the database can be read but not changed.
var ErrReadOnly = errors.New("store: the database takes no changes: it is a standby, or default_transaction_read_only is on," +
	" as some providers do when a disk is full")

// CheckServer returns an error if the server is older than PostgreSQL 15, or the database isn't in UTF-8 or is read-only.
// Errors: ErrReadOnly.
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
