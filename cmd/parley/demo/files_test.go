package demo

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestForget(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	dir, home, precious := filepath.Join(base, "demo"), filepath.Join(base, "parley-0123"), filepath.Join(base, "precious")
	for _, d := range []string{dir, home, precious} {
		if err := os.Mkdir(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("lock", "")
	write("pg.elsewhere", home+"\n")
	held, err := os.Open(filepath.Join(dir, "lock"))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Flock(int(held.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	if err := removeFolder(dir); err == nil || !strings.Contains(err.Error(), "another demo") {
		t.Fatalf("a running demo's folder: %v", err)
	}
	_ = held.Close()
	for range 2 { // there is nothing left the second time
		if err := removeFolder(dir); err != nil {
			t.Fatal(err)
		}
	}
	left, err := os.ReadDir(base)
	if err != nil || len(left) != 1 || left[0].Name() != "precious" {
		t.Errorf("left: %v %v", left, err)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	write("lock", "")
	write("pg.elsewhere", precious)
	if err := removeFolder(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(precious); err != nil {
		t.Errorf("a folder that is no server's was removed: %v", err)
	}
}
