package app

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
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
