package main

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// asParley is the variable that makes this test's binary behave like the program, for tests that run it.
const asParley = "PARLEY_TEST_AS_PARLEY"

func TestMain(m *testing.M) {
	if os.Getenv(asParley) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// startParley starts `parley ARGS` with a data folder, and returns the process and its standard output. The process is asked
// to end when the test ends, and has ended before its folder is removed.
func startParley(t *testing.T, data string, args ...string) (*exec.Cmd, *bufio.Reader) {
	t.Helper()
	cmd := exec.CommandContext(patient(t), executable(t), args...)
	cmd.Env = parleyEnv(data)
	cmd.Stderr = os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = time.Minute
	out := must(cmd.StdoutPipe())(t)
	check(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Wait() }) // the test may have waited itself
	return cmd, bufio.NewReader(out)
}

// patient ends with the test, or after ten minutes: longer than any process of a test works, but one that hangs.
func patient(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// executable returns the path of this test's binary.
func executable(t *testing.T) string {
	t.Helper()
	return must(os.Executable())(t)
}

// parleyEnv returns the environment of a Parley with a data folder: that of the test, and further variables.
func parleyEnv(data string, further ...string) []string {
	env := append(os.Environ(), asParley+"=yes", "PARLEY_DATA="+data)
	env = append(env, "GORACE=atexit_sleep_ms=0") // else the race detector lets each process sleep for a second at its end
	return append(env, further...)
}

// cli runs sub-commands of Parley to their end, with one data folder and one environment, without a terminal.
type cli struct {
	t    *testing.T
	data string   // PARLEY_DATA
	env  []string // further variables: NAME=value
}

// run returns what a sub-command printed on both outputs, and whether it ended with exit code 0.
func (c cli) run(args ...string) (output string, succeeded bool) {
	c.t.Helper()
	cmd := exec.CommandContext(patient(c.t), executable(c.t), args...)
	cmd.Env = append(parleyEnv(c.data, "PARLEY_LISTEN=127.0.0.1:0"), c.env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // no terminal to ask on
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		c.t.Fatalf("parley %s: %v", strings.Join(args, " "), err)
	}
	return string(out), err == nil
}

// mustRun returns what a sub-command printed, and ends the test if it fails.
func (c cli) mustRun(args ...string) (output string) {
	c.t.Helper()
	output, succeeded := c.run(args...)
	if !succeeded {
		c.t.Fatalf("parley %s failed, want success; it printed\n%s", strings.Join(args, " "), output)
	}
	return output
}

// mustFail returns what a sub-command printed, and ends the test if it succeeds.
func (c cli) mustFail(args ...string) (output string) {
	c.t.Helper()
	output, succeeded := c.run(args...)
	if succeeded {
		c.t.Fatalf("parley %s succeeded, want a failure; it printed\n%s", strings.Join(args, " "), output)
	}
	return output
}

// wantText fails the test if a text doesn't contain the wanted one.
func wantText(t *testing.T, text, want string) {
	t.Helper()
	if !strings.Contains(text, want) {
		t.Errorf("got\n%s\nwant it to contain %q", text, want)
	}
}

// folderForServer returns a temporary folder that the account of the database server may enter, too.
func folderForServer(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for d := dir; d != os.TempDir() && d != "/"; d = filepath.Dir(d) {
		check(t, os.Chmod(d, 0o755))
	}
	return dir
}

// openPool opens a pool on a database, until the test ends.
func openPool(t *testing.T, url string) *pgxpool.Pool {
	t.Helper()
	pool := must(pgxpool.New(t.Context(), url))(t)
	t.Cleanup(pool.Close)
	return pool
}

// mustWriteFile writes a file, and ends the test if that fails.
func mustWriteFile(t *testing.T, path, content string) {
	t.Helper()
	check(t, os.WriteFile(path, []byte(content), 0o600))
}

// mustReadFile returns what a file holds, and ends the test if it can't be read.
func mustReadFile(t *testing.T, path string) string {
	t.Helper()
	content := must(os.ReadFile(path))(t)
	return string(content)
}

// waitFor waits until a condition holds, and ends the test if that takes more than five minutes.
func waitFor(t *testing.T, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-ctx.Done():
			t.Fatalf("waited in vain until %s", what)
		case <-tick.C:
		}
	}
}
