package lab

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// addStuckEntry puts an entry into a folder that can't be removed until release is called. Root can remove anything
// but what is mounted, so it mounts the entry.
func addStuckEntry(t *testing.T, dir string) (release func()) {
	t.Helper()
	entry := filepath.Join(dir, "entry")
	if err := os.MkdirAll(filepath.Join(entry, "inner"), 0o700); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		if err := syscall.Mount("parley-test", entry, "tmpfs", 0, "size=64k"); err != nil {
			t.Skipf("this account may not mount: %v", err)
		}
		release = func() { _ = syscall.Unmount(entry, syscall.MNT_DETACH) }
	} else {
		if err := os.Chmod(entry, 0o500); err != nil { //nolint:gosec // a folder
			t.Fatal(err)
		}
		release = func() { _ = os.Chmod(entry, 0o700) } //nolint:gosec // a folder
	}
	t.Cleanup(release)
	return release
}

// If a run can't remove all of its folder, the runs after it try again.
func TestScratchWithStuckEntry(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	newRun := func() *Scratch {
		s, err := NewScratch(parent, "run-", 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}

	first := newRun()
	release := addStuckEntry(t, first.Dir)
	removable := filepath.Join(first.Dir, "zzz")
	if err := os.WriteFile(removable, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := first.Remove(); err == nil {
		t.Fatal("Remove succeeded, want an error while an entry is stuck")
	}
	if _, err := os.Stat(removable); !os.IsNotExist(err) {
		t.Errorf("Remove left a file that isn't stuck: %v", err)
	}

	second := newRun() // tries to remove the first run's folder, in vain
	release()
	third := newRun() // tries again
	if _, err := os.Stat(first.Dir); !os.IsNotExist(err) {
		t.Errorf("a later run left the folder whose entry isn't stuck any more: %v", err)
	}
	for _, s := range []*Scratch{second, third} {
		if err := s.Remove(); err != nil {
			t.Error(err)
		}
	}
}
