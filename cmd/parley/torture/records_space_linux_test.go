package torture

import (
	"os"
	"path/filepath"
	"testing"

	"parley/store/storetest"
)

// newLimitedDir returns a folder of limited size with a file in it. It skips the test where this account may not mount one.
func newLimitedDir(t *testing.T) (dir, inside string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "limited")
	if err := LimitSpace(dir); err != nil {
		t.Skipf("this account may not mount: %v", err)
	}
	t.Cleanup(func() { _ = FreeSpace(dir) }) // the test may have done so already
	inside = filepath.Join(dir, "inside")
	storetest.Check(t, os.WriteFile(inside, nil, 0o600))
	return dir, inside
}

// FreeSpace doesn't unmount a folder to which a link leads: somebody else may have mounted it.
func TestFreeSpaceFollowsNoLink(t *testing.T) {
	t.Parallel()
	dir, inside := newLimitedDir(t)
	link := filepath.Join(t.TempDir(), "link")
	storetest.Check(t, os.Symlink(dir, link))
	if err := FreeSpace(link); err == nil {
		t.Error("FreeSpace of a link: got no error")
	}
	if _, err := os.Stat(inside); err != nil {
		t.Errorf("a file of the folder: %v", err)
	}
}
