package lab

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestMain lets the test's binary be the child.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "be-a-child" {
		if err := WriteEnv(os.Args[2], []string{"HELLO=" + os.Getenv("HELLO"), "ADDR=a=b"}); err != nil {
			os.Exit(1)
		}
		for x := 0; os.Args[3] == "busy"; x++ { // until it is killed
		}
		never := make(chan os.Signal, 1)
		signal.Notify(never, syscall.SIGUSR2)
		<-never
	}
	os.Exit(m.Run())
}

func run(t *testing.T, mood string) (*Process, map[string]string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "vars")
	p, err := Start(Spec{Name: "test", Program: []string{os.Args[0], "be-a-child", file, mood}, Env: CleanEnv("HELLO=world", "GOMAXPROCS=1"),
		Log: filepath.Join(t.TempDir(), "log")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	vars, err := ReadEnv(ctx, file)
	if err != nil {
		t.Fatal(err)
	}
	return p, vars
}

func TestProcess(t *testing.T) {
	t.Parallel()
	p, vars := run(t, "idle")
	if vars["HELLO"] != "world" || vars["ADDR"] != "a=b" {
		t.Errorf("variables: %v", vars)
	}
	if p.Err() != nil {
		t.Errorf("running, but %v", p.Err())
	}
	p.Signal(syscall.SIGSTOP)
	p.End() // a stopped one too
	<-p.Done()
	if p.Err() == nil {
		t.Error("ended by a signal, but no error")
	}
	p.Signal(syscall.SIGTERM)
	p.Kill()
	if _, err := UsageOf(p.PID()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("usage of a dead process: %v", err)
	}
}

func TestStartFails(t *testing.T) {
	t.Parallel()
	if _, err := Start(Spec{Name: "nothing", Program: []string{"/nonexistent"}, Log: filepath.Join(t.TempDir(), "log")}); err == nil {
		t.Error("no error")
	}
}

func TestReadEnvEnds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := ReadEnv(ctx, filepath.Join(t.TempDir(), "none")); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestCleanEnv(t *testing.T) {
	t.Setenv("PARLEY_DATA", "forbidden")
	t.Setenv("PGHOST", "forbidden")
	t.Setenv("DATABASE_URL", "forbidden")
	t.Setenv("DATABASE_URL_FILE", "forbidden")
	t.Setenv("S3_BUCKET", "forbidden")
	t.Setenv("TWILIO_API_URL", "forbidden")
	t.Setenv("KEPT", "yes")
	got := CleanEnv("PARLEY_LISTEN=y")
	if !slices.Contains(got, "KEPT=yes") || got[len(got)-1] != "PARLEY_LISTEN=y" {
		t.Errorf("%q", got)
	}
	for _, v := range got[:len(got)-1] {
		if strings.HasSuffix(v, "=forbidden") {
			t.Errorf("left: %s", v)
		}
	}
}

func TestUsage(t *testing.T) {
	t.Parallel()
	p, _ := run(t, "busy")
	deadline := time.After(2 * time.Minute)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		u, err := UsageOf(p.PID())
		if err != nil {
			t.Fatal(err)
		}
		tree, err := TreeCPU(os.Getpid())
		if err != nil {
			t.Fatal(err)
		}
		if u.CPU >= 50*time.Millisecond && tree >= u.CPU && u.RSS > 1<<20 && u.Peak >= u.RSS {
			break
		}
		select {
		case <-deadline:
			t.Fatalf("usage %+v, tree %s", u, tree)
		case <-tick.C:
		}
	}
	if SelfCPU() <= 0 {
		t.Error("this process used nothing")
	}
}

func TestParseStat(t *testing.T) {
	t.Parallel()
	u, parent, err := parseStat("12 (a (b) c) S 7 1 1 0 -1 4194560 100 0 0 0 15 5 3 2 20 0 1 0 100 1000 10")
	if err != nil || parent != 7 || u.CPU != 250*time.Millisecond || u.State != 'S' {
		t.Errorf("%+v %d %v", u, parent, err)
	}
	for _, bad := range []string{"", "12 (x", "12 (x) S 7", "12 (x) S y 1 1 0 -1 4194560 100 0 0 0 15 5 3 2 20"} {
		if _, _, err := parseStat(bad); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}
