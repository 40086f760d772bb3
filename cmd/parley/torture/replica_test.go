package torture

import (
	"context"
	"errors"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"parley/channels/pause"
	"parley/cmd/parley/child"
	"parley/store/storetest"
)

// A replica is one of the Parley processes of a run. These tests check when the end of a process counts as a failed
// start, which a run tolerates, and when as an unexpected exit, which makes the run fail.

// newExit returns the error of a process that ended with a status.
func newExit(t *testing.T, status int) error {
	t.Helper()
	return exec.CommandContext(t.Context(), "sh", "-c", "exit "+strconv.Itoa(status)).Run()
}

const (
	noDatabaseLog = "parley: database: connection refused\n"
	portTakenLog  = "PARLEY_LISTEN: listen tcp 127.0.0.1:33457: bind: address already in use\n"
	readyLog      = "{" + readyLine + "}\n" // of a Parley that was at work
)

func databaseWasDown(time.Time) bool { return true }

func databaseWasUp(time.Time) bool { return false }

// If a process can't start because the database can't be reached or the port is taken, that is a failed start.
func TestClassifyFailedStart(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		log      string
		database func(since time.Time) bool // whether it was down
	}{
		{name: "no database", log: noDatabaseLog, database: databaseWasDown},
		{name: "port taken", log: portTakenLog, database: databaseWasUp},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := &replica{databaseWasDown: tt.database}
			r.classifyExitLocked(newExit(t, 1), tt.log)
			exits, failedStarts := r.unexpectedEnds()
			if len(exits) != 0 {
				t.Errorf("unexpected exits: got %q, want none", exits)
			}
			if failedStarts != 1 {
				t.Errorf("failed starts: got %d, want 1", failedStarts)
			}
		})
	}
}

// All other ends of processes that the run didn't cause are unexpected exits.
func TestClassifyUnexpectedExit(t *testing.T) {
	t.Parallel()
	killed := exec.CommandContext(t.Context(), "sh", "-c", "kill -9 $$").Run()
	for _, tt := range []struct {
		name     string
		exit     error
		log      string
		database func(since time.Time) bool // whether it was down; nil means that this isn't known
	}{
		{name: "a start that fails though the database is up", exit: newExit(t, 1), log: noDatabaseLog, database: databaseWasUp},
		{name: "a start that fails and nobody knows of the database", exit: newExit(t, 1), log: noDatabaseLog},
		{name: "the port is taken at work", exit: newExit(t, 1), log: readyLog + portTakenLog, database: databaseWasUp},
		{name: "the database is out of reach at work", exit: newExit(t, 1), log: readyLog + noDatabaseLog, database: databaseWasDown},
		{name: "a panic at the start", exit: newExit(t, 2), log: "panic: x\n", database: databaseWasDown},
		{name: "killed by somebody else", exit: killed, log: noDatabaseLog, database: databaseWasDown},
		{name: "an exit without an error", exit: nil, log: noDatabaseLog, database: databaseWasDown},
		{name: "no exit of a program", exit: errors.New("wait failed"), log: noDatabaseLog, database: databaseWasDown},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := &replica{databaseWasDown: tt.database}
			r.classifyExitLocked(tt.exit, tt.log)
			exits, failedStarts := r.unexpectedEnds()
			if len(exits) != 1 {
				t.Errorf("unexpected exits: got %q, want one", exits)
			}
			if failedStarts != 0 {
				t.Errorf("failed starts: got %d, want none", failedStarts)
			}
		})
	}
}

// runReplica runs a replica whose process is a shell script. end stops it and checks that run returned no error.
func runReplica(t *testing.T, script string) (r *replica, end func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r = &replica{spec: child.Spec{
		Name:    "script",
		Program: []string{"sh", "-c", script},
		Env:     child.CleanEnv(),
		Log:     filepath.Join(t.TempDir(), "log"),
	}}
	ran := make(chan error, 1)
	go func() { ran <- r.run(ctx) }()
	return r, func() {
		t.Helper()
		cancel()
		if err := <-ran; err != nil {
			t.Errorf("run: %v", err)
		}
	}
}

// waitUntil waits until a condition holds, for two minutes at most.
func waitUntil(t *testing.T, what string, holds func() bool) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), 2*time.Minute)
	defer stop()
	for !holds() {
		if !pause.For(ctx, time.Millisecond) {
			t.Fatalf("after two minutes: not %s", what)
		}
	}
}

// A process that ends by itself is an unexpected exit, and is started again.
func TestRestartAfterExit(t *testing.T) {
	t.Parallel()
	r, end := runReplica(t, "echo panic: help; exit 2")
	waitUntil(t, "started again", func() bool {
		exits, _ := r.unexpectedEnds()
		return len(exits) > 1
	})
	end()
}

// A process that the run kills is started again, and is no unexpected exit.
func TestRestartAfterKill(t *testing.T) {
	t.Parallel()
	r, end := runReplica(t, "sleep 60")
	killed := 0
	waitUntil(t, "killed", func() bool {
		killed = r.currentPID()
		return r.kill()
	})
	waitUntil(t, "started again", func() bool { return r.currentPID() != killed })
	end()
	if exits, _ := r.unexpectedEnds(); len(exits) > 0 {
		t.Errorf("unexpected exits: got %q, want none", exits)
	}
}

// newEndedReplica returns a replica whose process has ended.
func newEndedReplica(t *testing.T) *replica {
	t.Helper()
	p := storetest.Must(child.Start(child.Spec{
		Name:    "ended",
		Program: []string{"true"},
		Env:     child.CleanEnv(),
		Log:     filepath.Join(t.TempDir(), "log"),
	}))(t)
	<-p.Done()
	return &replica{process: p}
}

// A replica without a running process can be neither suspended nor killed.
func TestNobodyToDisturb(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		replica *replica
	}{
		{name: "before the first process", replica: &replica{}},
		{name: "after its end", replica: newEndedReplica(t)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, ok := tt.replica.suspend(); ok {
				t.Error("suspend reports that it suspended a process")
			}
			if tt.replica.kill() {
				t.Error("kill reports that it killed a process")
			}
		})
	}
}

// A fault that finds no process to disturb counts as missed.
func TestFaultWithoutProcessIsMissed(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{FaultKill, FaultStop} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			ctx, end := context.WithCancel(t.Context())
			end() // otherwise it would wait for a process
			in := &injector{
				replicas:  []*replica{newEndedReplica(t)},
				network:   &network{},
				printLine: func(string, ...any) {},
				injected:  map[string]int{},
				missed:    map[string]int{},
			}
			if err := injections()[kind](in, ctx, fault{Kind: kind}); err != nil {
				t.Errorf("got the error %v, want none", err)
			}
			in.running.Wait()
			if got := in.missed[kind]; got != 1 {
				t.Errorf("missed: got %d, want 1", got)
			}
			if got := in.injected[kind]; got != 0 {
				t.Errorf("injected: got %d, want none", got)
			}
		})
	}
}

// The database was down since a moment if an outage lasts, or if an outage ended after that moment.
func TestWasDatabaseDown(t *testing.T) {
	t.Parallel()
	began := time.Now()
	later := began.Add(time.Hour)
	for _, tt := range []struct {
		name    string
		outages int // that began
		ended   int // of them
		since   time.Time
		want    bool
	}{
		{name: "no outage", since: began, want: false},
		{name: "one of two outages lasts", outages: 2, ended: 1, since: later, want: true},
		{name: "after two outages, since they began", outages: 2, ended: 2, since: began, want: true},
		{name: "after two outages, since a moment after them", outages: 2, ended: 2, since: later, want: false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			n := &network{}
			var ends []func()
			for range tt.outages {
				ends = append(ends, n.beginOutage())
			}
			for _, end := range ends[:tt.ended] {
				end()
			}

			if got := n.wasDatabaseDown(tt.since); got != tt.want {
				t.Errorf("got %t, want %t", got, tt.want)
			}
		})
	}
}
