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
