package demo

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// newDemoFolder makes the folder of a demo. The folder of its database server is beside it.
func newDemoFolder(t *testing.T, serverName string) (demo, server string) {
	t.Helper()
	base := t.TempDir()
	demo, server = filepath.Join(base, "demo"), filepath.Join(base, serverName)
	check(t, os.Mkdir(demo, 0o700))
	check(t, os.Mkdir(server, 0o700))
	check(t, os.WriteFile(filepath.Join(demo, "lock"), nil, 0o600))
	check(t, os.WriteFile(filepath.Join(demo, "pg.elsewhere"), []byte(server+"\n"), 0o600))
	return demo, server
}

// wantFolder checks whether a folder exists.
func wantFolder(t *testing.T, path string, want bool) {
	t.Helper()
	if _, err := os.Stat(path); (err == nil) != want {
		t.Errorf("%s exists: %t (%v), want %t", path, err == nil, err, want)
	}
}

func TestRemoveFolder(t *testing.T) {
	t.Parallel()
	t.Run("a demo's folder and its database server's are removed", func(t *testing.T) {
		t.Parallel()
		demo, server := newDemoFolder(t, "parley-0123")
		check(t, removeFolder(demo))
		wantFolder(t, demo, false)
		wantFolder(t, server, false)
		check(t, removeFolder(demo)) // there is nothing left to remove
	})

	t.Run("the folder of a demo that runs stays", func(t *testing.T) {
		t.Parallel()
		demo, server := newDemoFolder(t, "parley-0123")
		lock := must(os.Open(filepath.Join(demo, "lock")))(t)
		defer lock.Close()
		check(t, syscall.Flock(int(lock.Fd()), syscall.LOCK_EX))
		if err := removeFolder(demo); err == nil || !strings.Contains(err.Error(), "another demo") {
			t.Errorf("got %v, want an error that names another demo", err)
		}
		wantFolder(t, demo, true)
		wantFolder(t, server, true)
	})

	t.Run("a folder elsewhere that isn't named as a server's stays", func(t *testing.T) {
		t.Parallel()
		demo, precious := newDemoFolder(t, "precious")
		check(t, removeFolder(demo))
		wantFolder(t, demo, false)
		wantFolder(t, precious, true)
	})
}
