package records

import (
	"os"
	"path/filepath"
	"testing"
)

// TestFreeSpace unmounts a folder, and nothing to which a link leads.
func TestFreeSpace(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	dir, link := filepath.Join(parent, "limited"), filepath.Join(parent, "link")
	if err := LimitSpace(dir); err != nil {
		t.Skipf("this account may not mount: %v", err)
	}
	t.Cleanup(func() { _ = FreeSpace(dir) })
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	inside := filepath.Join(dir, "inside")
	if err := os.WriteFile(inside, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := FreeSpace(link); err == nil {
		t.Error("unmounted through a link")
	}
	if _, err := os.Stat(inside); err != nil {
		t.Error(err)
	}
	if err := FreeSpace(dir); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(inside); !os.IsNotExist(err) {
		t.Errorf("still mounted: %v", err)
	}
}
