package app

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
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
