package pgserver

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

const helperDir = "PARLEY_PGSERVER_TEST_DIR"

// TestMain lets the tests start this binary again as an owner that can be killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv(helperDir); dir != "" {
		os.Exit(helper(dir))
	}
	os.Exit(m.Run())
}

// helper starts a server, says so, and closes it when its input ends.
func helper(dir string) int {
	ctx := context.Background()
	if pid, err := strconv.Atoi(os.Getenv(helperDir + "_WATCH")); err == nil {
		return watch(pid)
	}
	s, err := start(ctx, Options{Dir: dir}, testMachine(os.Getenv(helperDir+"_VARLIB")))
	if err != nil {
		fmt.Println("error", err)
		return 1
	}
	fmt.Println("ready", s.IsShared(), s.PID(), s.URL(Database))
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return 1
	}
	if err := s.Close(ctx); err != nil {
		fmt.Println("error", err)
		return 1
	}
	return 0
}

// watch runs a watcher of the process pid until it is killed itself.
func watch(pid int) int {
	acct, err := serverAccount(thisMachine(), "/nonexistent")
	if err == nil {
		_, err = startWatcher(acct, pid)
	}
	if err != nil {
		fmt.Println("error", err)
		return 1
	}
	fmt.Println("ready", false, pid, "-")
	_, _ = io.Copy(io.Discard, os.Stdin)
	return 0
}

func testMachine(varLib string) machine {
	m := thisMachine()
	m.varLib = varLib
	return m
}

// openDir makes a folder that the server's account can reach, which it can't with T.TempDir.
func openDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for d := dir; d != os.TempDir() && d != "/"; d = filepath.Dir(d) {
		check(t, os.Chmod(d, 0o755))
	}
	return must(filepath.EvalSymlinks(dir))(t)
}

func begin(t *testing.T, o Options, m machine) *Server {
	t.Helper()
	s := must(start(t.Context(), o, m))(t)
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s
}

func query(t *testing.T, s *Server, sql string) string {
	t.Helper()
	conn := must(pgx.Connect(t.Context(), s.URL(Database)))(t)
	var text string
	if err := conn.QueryRow(t.Context(), sql).Scan(&text); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	check(t, conn.Close(t.Context()))
	return text
}

func execute(t *testing.T, s *Server, sql string) {
	t.Helper()
	conn := must(pgx.Connect(t.Context(), s.URL(Database)))(t)
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	check(t, conn.Close(t.Context()))
}

// waitFor polls a condition until it holds.
func waitFor(t *testing.T, what string, cond func() bool) {
	t.Helper()
	gone, cancel := watchUntil(context.Background(), cond)
	defer cancel()
	select {
	case <-gone:
	case <-time.After(2 * time.Minute):
		t.Fatalf("waited in vain for %s", what)
	}
}

func ended(t *testing.T, s *Server) {
	t.Helper()
	select {
	case <-s.Done():
	case <-time.After(2 * time.Minute):
		t.Fatal("the server did not end")
	}
}

// other is a helper process that runs a server.
type other struct {
	cmd    *exec.Cmd
	stdin  io.Closer
	reused string
	pid    int
	url    string
	wait   func() error
}

func startOther(t *testing.T, dir, varLib string, env ...string) (*other, error) {
	t.Helper()
	cmd := exec.CommandContext(context.Background(), os.Args[0])
	cmd.Env = append(append(os.Environ(), helperDir+"="+dir, helperDir+"_VARLIB="+varLib), env...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}

	if err := cmd.Start(); err != nil {
		return nil, err
	}
	o := &other{cmd: cmd, stdin: in, wait: sync.OnceValue(cmd.Wait)}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = o.wait() })

	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return nil, err
	}
	if _, err := fmt.Sscanf(line, "ready %s %d %s", &o.reused, &o.pid, &o.url); err != nil {
		return nil, errors.New(line)
	}
	return o, nil
}

// A server starts with the wanted settings, keeps its data over a restart, and leaves nothing after Close.
func TestStartStopReuse(t *testing.T) {
	t.Parallel()
	dir, m := filepath.Join(openDir(t), `my "data" is 1+1`), testMachine(openDir(t))
	s := begin(t, Options{Dir: dir, Settings: map[string]string{"max_connections": "33", "listen_addresses": "*"}}, m)

	if s.IsShared() {
		t.Error("the first start reused a server")
	}
	if group, err := syscall.Getpgid(s.PID()); err != nil || group == syscall.Getpgrp() {
		t.Errorf("a Ctrl-C would end the server before the program: group %d, %v", group, err)
	}

	for sql, want := range map[string]string{
		"SHOW server_encoding":      "UTF8",
		"SHOW listen_addresses":     "",
		"SHOW max_connections":      "33",
		"SHOW fsync":                "off",
		"SHOW TimeZone":             "UTC",
		"SELECT current_database()": "parley",
		"SELECT lower('ÄÖÉ')":       "äöé",
		"SELECT ('Z' < 'a')::text":  "true", // by code point
		"SELECT coalesce(datlocale, datcollate) FROM (SELECT to_jsonb(d)->>'datlocale' AS datlocale, " +
			"datcollate FROM pg_database d WHERE datname = 'parley') d": "C.UTF-8",
	} {
		if got := query(t, s, sql); got != want {
			t.Errorf("%s = %q, want %q", sql, got, want)
		}
	}

	socket := must(os.Stat(s.run.SocketDir))(t)
	if socket.Mode().Perm() != 0o700 {
		t.Errorf("socket folder has mode %v", socket.Mode())
	}

	execute(t, s, "CREATE TABLE kept AS SELECT 1 AS n")
	check(t, s.Close(t.Context()))
	ended(t, s)
	if hasProcess(s.PID()) {
		t.Error("the postmaster outlived Close")
	}
	if _, err := readRun(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("run.json after Close: %v", err)
	}

	again := begin(t, Options{Dir: dir, Durable: true}, m)
	if got := query(t, again, "SELECT n::text FROM kept"); got != "1" {
		t.Errorf("kept data: %q, want \"1\"", got)
	}
	if got := query(t, again, "SHOW fsync"); got != "on" {
		t.Errorf("fsync of a durable server: %q, want \"on\"", got)
	}
}

// If the postmaster is killed, Done is closed, and the next start gets a new server.
func TestDoneWhenPostmasterDies(t *testing.T) {
	t.Parallel()
	dir, m := openDir(t), testMachine(openDir(t))
	s := begin(t, Options{Dir: dir}, m)
	conn := must(pgx.Connect(t.Context(), s.URL(Database)))(t)
	// A session that notices the server's end late keeps the shared memory for a moment.
	busy := make(chan error, 1)
	go func() { _, err := conn.Exec(context.Background(), "SELECT pg_sleep(60)"); busy <- err }()
	waitFor(t, "the session to be busy", func() bool {
		return query(t, s, "SELECT count(*)::text FROM pg_stat_activity WHERE wait_event = 'PgSleep'") == "1"
	})

	check(t, endProcess(expired(), s.PID(), s.Done()))
	ended(t, s)
	if err := s.Close(t.Context()); err != nil {
		t.Errorf("Close of a server that died: %v", err)
	}

	again := begin(t, Options{Dir: dir}, m)
	if again.IsShared() {
		t.Error("joined a dead server")
	}
	if err := <-busy; err == nil {
		t.Error("the session survived its server")
	}
	_ = conn.Close(t.Context())
}

func expired() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// A start that is cancelled leaves no server and no lock.
func TestCancelledStartLeavesNothing(t *testing.T) {
	t.Parallel()
	dir, m := openDir(t), testMachine(openDir(t))
	pidFile := filepath.Join(dir, "pg", "postmaster.pid")
	ctx, cancel := context.WithCancel(t.Context())
	begun, stop := watchUntil(ctx, func() bool { _, err := os.Stat(pidFile); return err == nil })
	defer stop()
	go func() { <-begun; cancel() }()

	for _, ctx := range []context.Context{expired(), ctx} {
		o := Options{Dir: dir, Say: func(s string) { t.Errorf("said %q", s) }}
		if s, err := start(ctx, o, m); err == nil {
			// The server was quicker than the cancellation.
			if err := s.Close(t.Context()); err != nil {
				t.Error(err)
			}
		} else if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}

	if b, err := os.ReadFile(pidFile); err == nil {
		t.Errorf("a server is left: %s", b)
	}
	if s := begin(t, Options{Dir: dir}, m); s.IsShared() {
		t.Error("the lock was not given back")
	}
}

// The server's log has no statements and no data of customers.
func TestLogHoldsNoStatements(t *testing.T) {
	t.Parallel()
	dir, m := openDir(t), testMachine(openDir(t))
	s := begin(t, Options{Dir: dir}, m)
	conn := must(pgx.Connect(t.Context(), s.URL(Database)))(t)
	defer func() { _ = conn.Close(context.Background()) }()
	if _, err := conn.Exec(t.Context(), "SELECT 'ann@customer.test'::int"); err == nil {
		t.Fatal("a bad cast succeeded")
	}
	b := must(os.ReadFile(filepath.Join(dir, "pg.log")))(t)
	if strings.Contains(string(b), "ann@") {
		t.Errorf("the log holds data:\n%s", b)
	}
	if !strings.Contains(string(b), "ready to accept connections") {
		t.Errorf("the log misses the server's own lines:\n%s", b)
	}
}

func TestEnvironmentKeepsSecrets(t *testing.T) {
	t.Parallel()
	env := prepareCommand(t.Context(), account{}, "postgres").Env
	if len(env) == 0 {
		t.Error("the server would see all that Parley sees: a command without variables of its own has those of its parent")
	}
	for _, v := range env {
		name, _, _ := strings.Cut(v, "=")
		switch name {
		case "PATH", "LC_ALL", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH":
		default:
			t.Errorf("the server would see %s", name)
		}
	}
}
