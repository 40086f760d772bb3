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

// Secrets in the database, such as passwords of mailboxes, are encrypted ("sealed") with the master key. The key comes
// from PARLEY_MASTER_KEY, or from the file master.key in the data directory, which the first start creates. The database
// holds a check value of the key, by which a wrong key is detected before it does harm.

// Unlock finds the master key, and sets the Sealer that decrypts secrets. The database must have been migrated. If no
// key is known and the database has none yet, Unlock creates one.
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

// UnlockReadOnly is Unlock for read-only commands: it neither creates a key nor stores a check value.
// Errors: store.ErrWrongKey, also if there is no key.
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
	if err != nil {
		return err
	}
	if !db.Sealer.Fits(checks...) {
		return store.ErrWrongKey
	}
	return nil
}

// findOrMakeKey returns the known master key. If there is none, it creates one, but only if the database isn't bound to
// a key yet: secrets that another key has sealed would be lost.
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
	if errors.Is(err, os.ErrExist) { // another process has just created one
		return KnownKey(env)
	}
	return key, err
}

// KnownKey returns the master key from the environment or from the data directory; "" if neither has one.
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

// KeyFile returns the path of the file with the master key, which is read if PARLEY_MASTER_KEY is not set.
func KeyFile(env Env) string { return filepath.Join(env.Data, "master.key") }

// KeepKey writes a master key to KeyFile.
// Errors: os.ErrExist if the file exists.
func KeepKey(env Env, key string) error {
	if err := os.MkdirAll(env.Data, 0o700); err != nil {
		return fmt.Errorf("master key: %w", err)
	}
	if err := writeKey(KeyFile(env), key); err != nil {
		return fmt.Errorf("master key: %w", err)
	}
	return nil
}

// writeKey writes the file completely or not at all. It doesn't replace an existing key, without which secrets would be
// lost.
// Errors: os.ErrExist if the file exists.
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
	return os.Link(file.Name(), path) // unlike Rename, Link fails if path exists
}
