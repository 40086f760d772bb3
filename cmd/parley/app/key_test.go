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
	check(t, writeKey(path, "first"))
	if err := writeKey(path, "second"); !errors.Is(err, os.ErrExist) {
		t.Errorf("a second key: got %v, want %v", err, os.ErrExist)
	}
	body := must(os.ReadFile(path))(t)
	if got, want := string(body), "first\n"; got != want {
		t.Errorf("the file holds %q, want %q", got, want)
	}
	info := must(os.Stat(path))(t)
	if got := info.Mode().Perm(); got != 0o600 {
		t.Errorf("mode: got %o, want 600", got)
	}
	list := must(os.ReadDir(dir))(t)
	if len(list) != 1 {
		t.Errorf("files: got %v, want the key's alone", list)
	}
}

// A command that only looks, such as doctor, makes no key. It doesn't bind the database to a new key that comes first in
// PARLEY_MASTER_KEY, either.
func TestUnlockReadOnly(t *testing.T) {
	t.Parallel()
	db, env := &Database{Pool: storetest.Reused(t)}, Env{Data: t.TempDir()}
	unlockToLook := func() error {
		before := must(store.KeyChecks(t.Context(), db.Pool))(t)
		result := db.UnlockReadOnly(t.Context(), env)
		after := must(store.KeyChecks(t.Context(), db.Pool))(t)
		if len(after) != len(before) {
			t.Errorf("UnlockReadOnly changed the number of check values from %d to %d", len(before), len(after))
		}
		return result
	}
	if err := unlockToLook(); !errors.Is(err, store.ErrWrongKey) {
		t.Errorf("without a key: got %v, want %v", err, store.ErrWrongKey)
	}
	list := must(os.ReadDir(env.Data))(t)
	if len(list) > 0 {
		t.Errorf("UnlockReadOnly made the files %v, want none", list)
	}

	check(t, db.Unlock(t.Context(), env)) // as serve does at first
	check(t, unlockToLook())
	old := must(KnownKey(env))(t)
	env.MasterKey = store.NewMasterKey() + "," + old
	check(t, unlockToLook())
	env.MasterKey = store.NewMasterKey()
	if err := unlockToLook(); !errors.Is(err, store.ErrWrongKey) {
		t.Errorf("another key alone: got %v, want %v", err, store.ErrWrongKey)
	}
}
