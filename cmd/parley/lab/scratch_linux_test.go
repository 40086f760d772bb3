package lab

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// stuck puts an entry into a folder that can't be removed until free is called. Nothing stops root but a mount.
func stuck(t *testing.T, dir string) (free func()) {
	t.Helper()
	entry := filepath.Join(dir, "entry")
	if err := os.MkdirAll(filepath.Join(entry, "inner"), 0o700); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() != 0 {
		if err := os.Chmod(entry, 0o500); err != nil { //nolint:gosec // a folder
			t.Fatal(err)
		}
		free = func() { _ = os.Chmod(entry, 0o700) } //nolint:gosec // a folder
	} else {
		if err := syscall.Mount("parley-test", entry, "tmpfs", 0, "size=64k"); err != nil {
			t.Skipf("this account may not mount: %v", err)
		}
		free = func() { _ = syscall.Unmount(entry, syscall.MNT_DETACH) }
	}
	t.Cleanup(free)
	return free
}

// TestScratchStuck: a folder in which something can't be removed is tried again by later runs.
func TestScratchStuck(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	begin := func() *Scratch {
		s, err := NewScratch(parent, "run-", 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	first := begin()
	free := stuck(t, first.Dir)
	if err := os.WriteFile(filepath.Join(first.Dir, "zzz"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := first.Remove(); err == nil {
		t.Fatal("the folder went")
	}
	if _, err := os.Stat(filepath.Join(first.Dir, "zzz")); !os.IsNotExist(err) {
		t.Error("what can be removed stayed")
	}
	second := begin() // sweeps, in vain
	free()
	third := begin()
	if _, err := os.Stat(first.Dir); !os.IsNotExist(err) {
		t.Errorf("the leftovers stay for ever: %v", err)
	}
	for _, s := range []*Scratch{second, third} {
		if err := s.Remove(); err != nil {
			t.Error(err)
		}
	}
}
