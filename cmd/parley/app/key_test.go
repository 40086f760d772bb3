package app

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"parley/store"
	"parley/store/storetest"
)

// TestWriteKey: the first key stays, is private, and nothing else is left behind.
func TestWriteKey(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "master.key")
	if err := writeKey(path, "first"); err != nil {
		t.Fatal(err)
	}
	if err := writeKey(path, "second"); !errors.Is(err, os.ErrExist) {
		t.Errorf("second key: %v", err)
	}
	body, err := os.ReadFile(path)
	if err != nil || string(body) != "first\n" {
		t.Errorf("key %q: %v", body, err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v: %v", info.Mode(), err)
	}
	if list, err := os.ReadDir(dir); err != nil || len(list) != 1 {
		t.Errorf("left %v: %v", list, err)
	}
}

// Whoever only looks, as the doctor does, neither makes a key nor binds the database to one that comes first in PARLEY_MASTER_KEY.
func TestUnlockToLook(t *testing.T) {
	t.Parallel()
	db, env := &Database{Pool: storetest.Reused(t)}, Env{Data: t.TempDir()}
	looked := func() error {
		before, err := store.KeyChecks(t.Context(), db.Pool)
		storetest.Check(t, err)
		looked := db.UnlockToLook(t.Context(), env)
		if after, err := store.KeyChecks(t.Context(), db.Pool); err != nil || len(after) != len(before) {
			t.Errorf("of %d check values there are %d: %v", len(before), len(after), err)
		}
		return looked
	}
	if err := looked(); !errors.Is(err, store.ErrWrongKey) {
		t.Errorf("without a key: %v", err)
	}
	if list, err := os.ReadDir(env.Data); err != nil || len(list) > 0 {
		t.Errorf("it made %v, %v", list, err)
	}
	storetest.Check(t, db.Unlock(t.Context(), env))
	storetest.Check(t, looked())
	old, err := KnownKey(env)
	storetest.Check(t, err)
	env.MasterKey = store.NewMasterKey() + "," + old
	storetest.Check(t, looked())
	env.MasterKey = store.NewMasterKey()
	if err := looked(); !errors.Is(err, store.ErrWrongKey) {
		t.Errorf("another key: %v", err)
	}
}
