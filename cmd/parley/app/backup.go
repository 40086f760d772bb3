package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"parley/cmd/parley/backup"
	"parley/store"
)

// Embedded says that the database runs in PARLEY_DATA.
func (db *Database) Embedded() bool { return db.server != nil }

// URL is where the database is. It may hold a password.
func (db *Database) URL() string { return db.url }

// BinDir is where the programs of an embedded server are; "" when it can't be told.
func (db *Database) BinDir() string {
	if db.server == nil {
		return ""
	}
	return db.server.BinDir()
}

// KnownKey gives the master key that is set, or the one in the data folder; "" when there
// is neither. It invents none.
func KnownKey(env Env) (string, error) {
	if env.MasterKey != "" {
		return env.MasterKey, nil
	}
	body, err := os.ReadFile(KeyFile(env))
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("master key: %w", err)
	}
	return strings.TrimSpace(string(body)), nil
}

// KeyFile is where the master key is kept when PARLEY_MASTER_KEY is not set.
func KeyFile(env Env) string { return filepath.Join(env.Data, "master.key") }

// KeepKey writes a master key into its file.
// Errors: os.ErrExist when there is one already.
func KeepKey(env Env, key string) error {
	if err := os.MkdirAll(env.Data, 0o700); err != nil {
		return fmt.Errorf("master key: %w", err)
	}
	if err := writeKey(KeyFile(env), key); err != nil {
		return fmt.Errorf("master key: %w", err)
	}
	return nil
}

// BackupFolder is where an embedded server's backups are.
func BackupFolder(env Env) string { return filepath.Join(env.Data, backupFolder) }

// backups are those that Parley makes by itself. The key is in them only where a
// passphrase is set: its file lies beside them anyway.
func (db *Database) backups(env Env, log *slog.Logger) (backup.Folder, error) {
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

// nightly makes the embedded server's backups until ctx ends.
func (a *App) nightly(ctx context.Context) error {
	if a.db.server == nil || a.opt.MovedTime { // who brings a database backs it up; a demo's is nothing to keep
		return nil
	}
	f, err := a.db.backups(a.env, a.log)
	if err != nil {
		return err
	}
	return f.Run(ctx)
}

// saveBeforeMigration makes a backup when the schema is about to change. Its failure does
// not keep Parley from starting: migrations add, and can be repeated.
func (db *Database) saveBeforeMigration(ctx context.Context, env Env) error {
	from, err := store.SchemaOf(ctx, db.Pool)
	if err != nil {
		return err
	}
	to := store.SchemaVersion()
	if from == 0 || from >= to {
		return nil
	}
	if db.server == nil {
		db.log.Info("the schema is about to change; backups of this database are yours", "from", from, "to", to)
		return nil
	}
	db.log.Info("making a backup before the schema changes", "from", from, "to", to)
	f, err := db.backups(env, db.log)
	if err == nil {
		var now time.Time
		if now, err = f.Now(ctx); err == nil {
			err = f.BeforeMigration(ctx, from, to, now)
		}
	}
	if err != nil && ctx.Err() == nil {
		db.log.Error("no backup made before the schema changes", "from", from, "to", to, "error", err)
	}
	return ctx.Err()
}
