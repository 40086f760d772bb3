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

// URL returns the address of the database. It may have a password.
func (db *Database) URL() string { return db.url }

// BinDir returns the folder with the programs of the embedded server; "" if it isn't known.
func (db *Database) BinDir() string {
	if db.server == nil {
		return ""
	}
	return db.server.BinDir()
}

// backupFolder is the name of the folder with backups in the data folder.
const backupFolder = "backups"

// BackupFolder returns the folder with the backups of the embedded server.
func BackupFolder(env Env) string { return filepath.Join(env.Data, backupFolder) }

// newBackupFolder returns the folder of the backups that Parley makes by itself. They have the master key only
// if a passphrase is set; otherwise it is in a file beside them.
func (db *Database) newBackupFolder(env Env, log *slog.Logger) (backup.Folder, error) {
	f := backup.Folder{Dir: BackupFolder(env), Log: log,
		Source: backup.Source{URL: db.url, BinDir: db.BinDir(), WithoutKey: env.BackupPassphrase == "", Passphrase: env.BackupPassphrase},
		Now:    func(ctx context.Context) (time.Time, error) { return store.Now(ctx, db.Pool) }}
	if f.Source.WithoutKey {
		return f, nil
	}
	var err error
	f.Source.Key, err = KnownKey(env)
	return f, err
}

// saveBeforeMigration makes a backup when the schema is about to change. If that fails, Parley starts
// all the same: migrations only add, and can be repeated.
func (db *Database) saveBeforeMigration(ctx context.Context, env Env) error {
	versionOf := func(ctx context.Context) (int64, error) { return schema.VersionOf(ctx, db.Pool) }
	from, err := versionOf(ctx)
	if err != nil {
		return err
	}

	to := schema.Version()
	if from == 0 || from >= to {
		return nil
	}
	if db.server == nil {
		db.log.Info("the schema is about to change; backups of this database are yours", "from", from, "to", to)
		return nil
	}

	db.log.Info("making a backup before the schema changes", "from", from, "to", to)
	f, err := db.newBackupFolder(env, db.log)
	if err == nil {
		var now time.Time
		if now, err = f.Now(ctx); err == nil {
			err = f.BeforeMigration(ctx, versionOf, to, now)
		}
	}

	if err != nil && ctx.Err() == nil {
		db.log.Error("no backup made before the schema changes", "from", from, "to", to, "error", err)
	}

	return ctx.Err()
}
