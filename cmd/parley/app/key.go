package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"parley/store"
)

// The secrets in the database, such as the passwords of mailboxes, are sealed with the master key. It is in PARLEY_MASTER_KEY, or
// in a file of the data folder, where the first start puts a new one. A check value in the database tells which key has sealed it.

// Unlock opens the secrets of a migrated database.
func (db *Database) Unlock(ctx context.Context, env Env) error {
	key, err := findOrMakeKey(ctx, env, db)
	if err != nil {
		return err
	}
	if db.Sealer, err = store.NewSealer(key); err != nil {
		return err
	}

	if err := store.CheckMasterKey(ctx, db.Pool, db.Sealer); err != nil {
		if errors.Is(err, store.ErrWrongKey) {
			return errors.New("the master key is not the one that sealed this database's secrets; set PARLEY_MASTER_KEY to that one")
		}
		return err
	}

	return nil
}

// UnlockReadOnly opens the secrets for whoever changes nothing: it makes no key, and binds the database to none.
// Errors: store.ErrWrongKey, also when no key is at hand.
func (db *Database) UnlockReadOnly(ctx context.Context, env Env) error {
	key, err := KnownKey(env)
	if err != nil {
		return err
	}
	if key == "" {
		return store.ErrWrongKey
	}
	if db.Sealer, err = store.NewSealer(key); err != nil {
		return err
	}

	checks, err := store.KeyChecks(ctx, db.Pool)
	if err == nil && !db.Sealer.Fits(checks...) {
		err = store.ErrWrongKey
	}
	return err
}

// findOrMakeKey returns the key of the environment or of the data folder. If there is none, it makes one, but only for a database
// whose secrets no key has sealed yet.
func findOrMakeKey(ctx context.Context, env Env, db *Database) (string, error) {
	key, err := KnownKey(env)
	if err != nil || key != "" {
		return key, err
	}

	isSealed, err := store.HasMasterKey(ctx, db.Pool)
	if err != nil {
		return "", err
	}
	if isSealed {
		return "", fmt.Errorf("this database's secrets are sealed and there is no key: set PARLEY_MASTER_KEY, or put the key into %s",
			KeyFile(env))
	}

	key = store.NewMasterKey()
	err = KeepKey(env, key)
	if errors.Is(err, os.ErrExist) { // another process has just made one
		return KnownKey(env)
	}
	return key, err
}

// KnownKey returns the master key of the environment or of the data folder; "" when there is neither.
// It doesn't make one.
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

// KeyFile returns the file with the master key, for when PARLEY_MASTER_KEY is not set.
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

// writeKey writes the file completely or not at all: with half a key, nobody could read the secrets.
// Errors: os.ErrExist when there is one already.
func writeKey(path, key string) error {
	file, err := os.CreateTemp(filepath.Dir(path), ".master.key-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(file.Name()) }()
	_, err = file.WriteString(key + "\n")
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	return os.Link(file.Name(), path)
}
