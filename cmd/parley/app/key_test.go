package app

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"parley/store"
	"parley/store/storetest"
)

// The first key that is written stays. Its file is private, and no other file is left behind.
func TestWriteKey(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "master.key")
	if err := writeKey(path, "first"); err != nil {
		t.Fatal(err)
	}
	if err := writeKey(path, "second"); !errors.Is(err, os.ErrExist) {
		t.Errorf("a second key: got %v, want %v", err, os.ErrExist)
	}
	body, err := os.ReadFile(path)
	storetest.Check(t, err)
	if got, want := string(body), "first\n"; got != want {
		t.Errorf("the file holds %q, want %q", got, want)
	}
	info, err := os.Stat(path)
	storetest.Check(t, err)
	if got := info.Mode().Perm(); got != 0o600 {
		t.Errorf("mode: got %o, want 600", got)
	}
	list, err := os.ReadDir(dir)
	storetest.Check(t, err)
	if len(list) != 1 {
		t.Errorf("files: got %v, want the key's alone", list)
	}
}

// Whoever only looks, as the doctor does, neither makes a key nor binds the database to one that comes first in PARLEY_MASTER_KEY.
func TestUnlockToLook(t *testing.T) {
	t.Parallel()
	db, env := &Database{Pool: storetest.Reused(t)}, Env{Data: t.TempDir()}
	unlockToLook := func() error {
		before, err := store.KeyChecks(t.Context(), db.Pool)
		storetest.Check(t, err)
		result := db.UnlockToLook(t.Context(), env)
		after, err := store.KeyChecks(t.Context(), db.Pool)
		storetest.Check(t, err)
		if len(after) != len(before) {
			t.Errorf("UnlockToLook changed the number of check values from %d to %d", len(before), len(after))
		}
		return result
	}
	if err := unlockToLook(); !errors.Is(err, store.ErrWrongKey) {
		t.Errorf("without a key: got %v, want %v", err, store.ErrWrongKey)
	}
	list, err := os.ReadDir(env.Data)
	storetest.Check(t, err)
	if len(list) > 0 {
		t.Errorf("UnlockToLook made the files %v, want none", list)
	}

	storetest.Check(t, db.Unlock(t.Context(), env)) // as serve does at first
	storetest.Check(t, unlockToLook())
	old, err := KnownKey(env)
	storetest.Check(t, err)
	env.MasterKey = store.NewMasterKey() + "," + old
	storetest.Check(t, unlockToLook())
	env.MasterKey = store.NewMasterKey()
	if err := unlockToLook(); !errors.Is(err, store.ErrWrongKey) {
		t.Errorf("another key alone: got %v, want %v", err, store.ErrWrongKey)
	}
}
