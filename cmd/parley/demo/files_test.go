package demo

import (
	"log/slog"
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

// newLockedFolder makes the folder of a demo that runs until the test ends.
func newLockedFolder(t *testing.T) (demo, server string) {
	t.Helper()
	demo, server = newDemoFolder(t, "parley-0123")
	lock := must(os.Open(filepath.Join(demo, "lock")))(t)
	t.Cleanup(func() { _ = lock.Close() })
	check(t, syscall.Flock(int(lock.Fd()), syscall.LOCK_EX))
	return demo, server
}

// A second demo on the same folder says so, and tells nobody that it is there: the address would lead nowhere a moment
// later, and the file of --env would name emulators that have ended instead of those of the first demo.
func TestSecondDemoOnAFolder(t *testing.T) {
	t.Parallel()
	folder, _ := newLockedFolder(t)
	err := Run(t.Context(), Options{
		Listen: "127.0.0.1:0",
		Data:   folder,
		Log:    slog.New(slog.DiscardHandler),
		Say:    func(string) {},
		Ready: func(url string, _ []string) error {
			t.Errorf("the demo says that it is at %s", url)
			return nil
		},
	})
	if err == nil || !strings.Contains(err.Error(), "another demo runs on") {
		t.Errorf("got %v, want an error that names another demo", err)
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
		demo, server := newLockedFolder(t)
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
