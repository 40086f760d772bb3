package pgserver

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// Two processes begin in the same folder at once: one starts the server, and the other one uses it. A third one uses it
// until the owner ends.
func TestTwoProcessesAtOnce(t *testing.T) {
	t.Parallel()
	dir, lib := openDir(t), openDir(t)
	type result struct {
		o   *other
		err error
	}
	results := make(chan result, 2)
	for range 2 {
		go func() {
			o, err := startOther(t, dir, lib)
			results <- result{o, err}
		}()
	}
	a, b := <-results, <-results
	if a.err != nil || b.err != nil {
		t.Fatal(a.err, b.err)
	}

	owner, guest := a.o, b.o
	if owner.reused == "true" {
		owner, guest = guest, owner
	}
	if owner.reused != "false" || guest.reused != "true" || owner.pid != guest.pid || owner.url != guest.url {
		t.Fatalf("owner %+v, guest %+v", owner, guest)
	}

	// A third one, in this process, outlives both.
	s := begin(t, Options{Dir: dir}, testMachine(lib))
	if !s.IsShared() || s.PID() != owner.pid {
		t.Errorf("third: shared %v, pid %d, want %d", s.IsShared(), s.PID(), owner.pid)
	}
	query(t, s, "SELECT 'works'")

	// A guest that ends stops nothing.
	check(t, guest.stdin.Close())
	if err := guest.wait(); err != nil {
		t.Errorf("guest: %v", err)
	}
	query(t, s, "SELECT 'a guest that leaves stops nothing'")

	// When the owner ends, the server ends, and the next process starts a new one.
	check(t, owner.stdin.Close())
	if err := owner.wait(); err != nil {
		t.Errorf("owner: %v", err)
	}
	ended(t, s)
	if next := begin(t, Options{Dir: dir}, testMachine(lib)); next.IsShared() {
		t.Error("nobody took over")
	}
}

// The owner was killed. The next process starts a server of its own, although the old one is still ending.
func TestKilledOwner(t *testing.T) {
	t.Parallel()
	dir, lib := openDir(t), openDir(t)
	owner := must(startOther(t, dir, lib))(t)
	check(t, owner.cmd.Process.Kill())
	_ = owner.wait()
	s := begin(t, Options{Dir: dir}, testMachine(lib)) // at once, while the old server still ends
	if s.IsShared() || s.PID() == owner.pid {
		t.Errorf("shared %v, pid %d as before %d", s.IsShared(), s.PID(), owner.pid)
	}
	query(t, s, "SELECT 'fresh'")
}

// The file postmaster.pid may name a process that is no server, or that has ended and wasn't waited for. PostgreSQL
// itself would refuse to start then. Parley starts, and the other process lives on.
func TestStalePID(t *testing.T) {
	t.Parallel()
	dir, m := openDir(t), testMachine(openDir(t))
	check(t, begin(t, Options{Dir: dir}, m).Close(t.Context()))
	alive, dead := sleeper(t, m), sleeper(t, m)
	if err := dead.Process.Kill(); err != nil { // never waited for: a zombie
		t.Fatal(err)
	}
	waitFor(t, "the zombie", func() bool {
		b, err := os.ReadFile("/proc/" + strconv.Itoa(dead.Process.Pid) + "/stat")
		_, state := parseStat(string(b))
		return err != nil || state == "Z"
	})

	for name, pid := range map[string]int{
		"somebody else": alive.Process.Pid,
		"zombie":        dead.Process.Pid,
		"us":            os.Getpid(),
		"nobody":        1 << 22,
	} {
		text := strings.Join([]string{strconv.Itoa(pid), filepath.Join(dir, "pg"), "1700000000", "5432", "/tmp", "", "  1 2", "ready", ""}, "\n")
		path := filepath.Join(dir, "pg", "postmaster.pid")
		check(t, os.WriteFile(path, []byte(text), 0o600))
		s, err := start(t.Context(), Options{Dir: dir}, m)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if err := s.Close(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}

	if err := syscall.Kill(alive.Process.Pid, 0); err != nil {
		t.Errorf("an unrelated process was ended: %v", err)
	}
}

// sleeper is an unrelated process of the server's account.
func sleeper(t *testing.T, m machine) *exec.Cmd {
	t.Helper()
	acct := must(serverAccount(m, "/nonexistent"))(t)
	cmd := prepareCommand(context.Background(), acct, "/bin/sleep", "300")
	cmd.SysProcAttr.Setsid = false
	check(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return cmd
}
