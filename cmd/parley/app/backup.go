package app

import (
	"context"
	"log/slog"
	"path/filepath"
	"time"

	"parley/cmd/parley/backup"
	"parley/store"
	"parley/store/schema"
)

// IsEmbedded reports whether the database is the embedded server, in PARLEY_DATA.
func (db *Database) IsEmbedded() bool { return db.server != nil }

// URL returns the address of the database. It may contain a password.
func (db *Database) URL() string { return db.url }

// BinDir returns the directory of the embedded server's programs; "" if it isn't known, or for an external server.
func (db *Database) BinDir() string {
	if db.server == nil {
		return ""
	}
	return db.server.BinDir()
}

// backupFolder is the name of the directory with backups in the data directory.
const backupFolder = "backups"

// BackupFolder returns the directory with the backups that Parley makes by itself: every night, and before it changes
// the schema of its embedded database server.
func BackupFolder(env Env) string { return filepath.Join(env.Data, backupFolder) }

// newBackupFolder returns the directory of automatic backups, ready to make one. A backup contains the master key,
// which opens stored passwords, only if PARLEY_BACKUP_PASSPHRASE is set to seal it.
func (db *Database) newBackupFolder(env Env, log *slog.Logger) (backup.Folder, error) {
	f := backup.Folder{
		Dir: BackupFolder(env),
		Log: log,
		Source: backup.Source{
			URL:        db.url,
			BinDir:     db.BinDir(),
			WithoutKey: env.BackupPassphrase == "",
			Passphrase: env.BackupPassphrase,
		},
		Now: func(ctx context.Context) (time.Time, error) { return store.Now(ctx, db.Pool) },
	}
	if f.Source.WithoutKey {
		return f, nil
	}

	var err error
	f.Source.Key, err = KnownKey(env)
	return f, err
}

// saveBeforeMigration backs up the embedded database if its schema is about to change. A failed backup is only logged
// and doesn't keep Parley from starting, since migrations only add to the schema and can be repeated.
// Errors: the schema's version can't be read; ctx ended.
func (db *Database) saveBeforeMigration(ctx context.Context, env Env) error {
	versionOf := func(ctx context.Context) (int64, error) { return schema.VersionOf(ctx, db.Pool) }
	from, err := versionOf(ctx)
	if err != nil {
		return err
	}

	to := schema.Version()
	willChange := 0 < from && from < to // a version of 0 means that the database is empty
	if !willChange {
		return nil
	}
	if db.server == nil {
		db.log.Info("the schema is about to change; backups of this database are yours", "from", from, "to", to)
		return nil
	}

	db.log.Info("making a backup before the schema changes", "from", from, "to", to)
	err = db.backUpBeforeMigration(ctx, env, versionOf, to)
	if err != nil && ctx.Err() == nil {
		db.log.Error("no backup made before the schema changes", "from", from, "to", to, "error", err)
	}
	return ctx.Err()
}

// backUpBeforeMigration makes the backup of saveBeforeMigration.
func (db *Database) backUpBeforeMigration(
	ctx context.Context, env Env, versionOf func(context.Context) (int64, error), to int64,
) error {
	f, err := db.newBackupFolder(env, db.log)
	if err != nil {
		return err
	}
	now, err := f.Now(ctx)
	if err != nil {
		return err
	}
	return f.BeforeMigration(ctx, versionOf, to, now)
}
