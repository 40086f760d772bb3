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
)

// A process that ends though nobody asked it to is a fault, but for a start that fails as the database is out of reach, or the
// port is taken.
func TestJudgeEnd(t *testing.T) {
	t.Parallel()
	const refused = "parley: database: connection refused\n"
	exit := func(status int) error {
		return exec.CommandContext(t.Context(), "sh", "-c", "exit "+strconv.Itoa(status)).Run()
	}
	killed := exec.CommandContext(t.Context(), "sh", "-c", "kill -9 $$").Run()
	outage, noOutage := func(time.Time) bool { return true }, func(time.Time) bool { return false }
	const taken = "PARLEY_LISTEN: listen tcp 127.0.0.1:33457: bind: address already in use\n"
	cases := []struct {
		name   string
		how    error
		log    string
		excuse func(time.Time) bool // whether the database was out of reach
		fault  bool
	}{
		{name: "a start without a database", how: exit(1), log: refused, excuse: outage},
		{name: "a start that fails for nothing", how: exit(1), log: refused, excuse: noOutage, fault: true},
		{name: "a start whose port is taken", how: exit(1), log: taken, excuse: noOutage},
		{name: "a port that is taken at work", how: exit(1), log: "{" + readyLine + "}\n" + taken, excuse: noOutage, fault: true},
		{name: "one that was at work", how: exit(1), log: "{" + readyLine + "}\n" + refused, excuse: outage, fault: true},
		{name: "a panic at start", how: exit(2), log: "panic: x\n", excuse: outage, fault: true},
		{name: "killed by somebody else", how: killed, log: refused, excuse: outage, fault: true},
		{name: "ended as if asked", how: nil, log: refused, excuse: outage, fault: true},
		{name: "no exit of a program", how: errors.New("wait failed"), log: refused, excuse: outage, fault: true},
		{name: "nobody knows of the database", how: exit(1), log: refused, fault: true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := &replica{databaseWasDown: c.excuse}
			r.classifyExit(c.how, c.log)
			wantFaults, wantExcused := 0, 1
			if c.fault {
				wantFaults, wantExcused = 1, 0
			}
			faults, excused := r.exitsByItself()
			if len(faults) != wantFaults || excused != wantExcused {
				t.Errorf("got the faults %q and %d excused starts, want %d faults and %d excused", faults, excused, wantFaults, wantExcused)
			}
		})
	}
}

// A process that ends by itself is started again, and counts as a fault. One that the run kills is started again, too.
func TestRestart(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		script string
		kill   bool // the run ends it
	}{
		{name: "ends by itself", script: "echo panic: help; exit 2"},
		{name: "is killed by the run", script: "sleep 60", kill: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ctx, end := context.WithCancel(t.Context())
			r := &replica{spec: child.Spec{Name: c.name, Program: []string{"sh", "-c", c.script}, Env: child.CleanEnv(), Log: filepath.Join(t.TempDir(), "log")}}
			ran := make(chan error, 1)
			go func() { ran <- r.run(ctx) }()
			for first := 0; ; {
				if c.kill && first == 0 && r.kill() {
					first = r.currentPID()
				}
				ends, _ := r.exitsByItself()
				if len(ends) > 0 || first != 0 && r.currentPID() != first {
					break
				}
				if !pause.For(ctx, 10*time.Millisecond) {
					t.Fatal("no process has ended and been started again")
				}
			}
			end()
			if err := <-ran; err != nil {
				t.Fatal(err)
			}
			if faults, _ := r.exitsByItself(); len(faults) > 0 == c.kill {
				t.Errorf("got the faults %q, want some only if it ended by itself", faults)
			}
		})
	}
}

// wantNotStruck checks that a replica can be neither frozen nor killed.
func wantNotStruck(t *testing.T, r *replica, why string) {
	t.Helper()
	if _, ok := r.stop(); ok {
		t.Errorf("freezeChild froze a process that %s", why)
	}
	if r.kill() {
		t.Errorf("kill killed a process that %s", why)
	}
}

// A blow to a process that doesn't run counts as missed.
func TestStrikeNobody(t *testing.T) {
	t.Parallel()
	r := &replica{}
	wantNotStruck(t, r, "never ran")
	ended, err := child.Start(child.Spec{Name: "ended", Program: []string{"true"}, Env: child.CleanEnv(), Log: filepath.Join(t.TempDir(), "log")})
	if err != nil {
		t.Fatal(err)
	}
	<-ended.Done()
	r.process = ended
	wantNotStruck(t, r, "has ended")
	ctx, end := context.WithCancel(t.Context())
	end()
	c := &injector{replicas: []*replica{r}, network: &network{}, printLine: func(string, ...any) {}, injected: map[string]int{}, missed: map[string]int{}}
	for _, name := range []string{faultKill, faultStop} {
		if c.injectWhenPossible(ctx, fault{Kind: name}); c.missed[name] != 1 || c.injected[name] != 0 {
			t.Errorf("%s: got %d struck, %d missed; want 0 and 1", name, c.injected[name], c.missed[name])
		}
	}
}

// The database was out of reach at some time since a moment if a blow to it began or lasted then.
func TestOutage(t *testing.T) {
	t.Parallel()
	n := &network{}
	began, inAnHour := time.Now(), time.Now().Add(time.Hour)
	want := func(when string, since time.Time, want bool) {
		t.Helper()
		if got := n.wasDatabaseDown(since); got != want {
			t.Errorf("%s: out of reach: got %t, want %t", when, got, want)
		}
	}
	want("before any blow", began, false)
	endFirst, endSecond := n.beginOutage(), n.beginOutage()
	endFirst()
	want("while the second blow lasts", inAnHour, true)
	endSecond()
	want("after both, since they began", began, true)
	want("after both, since later", inAnHour, false)
}
