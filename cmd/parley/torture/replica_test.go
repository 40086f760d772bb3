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

// TestEnded: an end that nobody asked for is a fault, but for a start that gives up as the
// database is out of reach, and says so.
func TestEnded(t *testing.T) {
	t.Parallel()
	const said = "parley: database: connection refused\n"
	exit := func(status int) error {
		return exec.CommandContext(t.Context(), "sh", "-c", "exit "+strconv.Itoa(status)).Run()
	}
	killed := exec.CommandContext(t.Context(), "sh", "-c", "kill -9 $$").Run()
	outage, none := func(time.Time) bool { return true }, func(time.Time) bool { return false }
	const taken = "PARLEY_LISTEN: listen tcp 127.0.0.1:33457: bind: address already in use\n"
	cases := []struct {
		name   string
		how    error
		log    string
		excuse func(time.Time) bool
		fell   bool
	}{
		{name: "a start without a database", how: exit(1), log: said, excuse: outage},
		{name: "a start that fails for nothing", how: exit(1), log: said, excuse: none, fell: true},
		{name: "a start whose port is taken", how: exit(1), log: taken, excuse: none},
		{name: "a port that is taken at work", how: exit(1), log: "{" + readyLine + "}\n" + taken, excuse: none, fell: true},
		{name: "one that was at work", how: exit(1), log: "{" + readyLine + "}\n" + said, excuse: outage, fell: true},
		{name: "a panic at start", how: exit(2), log: "panic: x\n", excuse: outage, fell: true},
		{name: "killed by somebody else", how: killed, log: said, excuse: outage, fell: true},
		{name: "ended as if asked", how: nil, log: said, excuse: outage, fell: true},
		{name: "no exit of a program", how: errors.New("wait failed"), log: said, excuse: outage, fell: true},
		{name: "nobody knows of the database", how: exit(1), log: said, fell: true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := &replica{excuse: c.excuse}
			r.judgeEnd(c.how, c.log)
			ends, refused := r.endsByItself()
			if (len(ends) == 1) != c.fell || (refused == 1) == c.fell {
				t.Errorf("ends %q, %d starts excused", ends, refused)
			}
		})
	}
}

// TestFell: a process that ends by itself is started again and counted; one that is killed by
// the run is not.
func TestFell(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		script string
		kill   bool
		fell   bool
	}{"by itself": {script: "echo panic: help; exit 2", fell: true}, "by us": {script: "sleep 60", kill: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, end := context.WithCancel(t.Context())
			r := &replica{spec: child.Spec{Name: name, Program: []string{"sh", "-c", c.script}, Env: child.CleanEnv(), Log: filepath.Join(t.TempDir(), "log")}}
			ran := make(chan error, 1)
			go func() { ran <- r.run(ctx) }()
			for first := 0; ; {
				if c.kill && first == 0 && r.kill() {
					first = r.currentPID()
				}
				ends, _ := r.endsByItself()
				if len(ends) > 0 || first != 0 && r.currentPID() != first {
					break
				}
				if !pause.For(ctx, 10*time.Millisecond) {
					t.Fatal("nothing ended")
				}
			}
			end()
			if err := <-ran; err != nil {
				t.Fatal(err)
			}
			if ends, _ := r.endsByItself(); len(ends) > 0 != c.fell {
				t.Errorf("ends %q", ends)
			}
		})
	}
}

// TestStrikeNobody: a blow to a process that doesn't run was none.
func TestStrikeNobody(t *testing.T) {
	t.Parallel()
	r := &replica{}
	if _, ok := r.freezeChild(); ok || r.kill() {
		t.Error("struck a process that never ran")
	}
	ended, err := child.Start(child.Spec{Name: "ended", Program: []string{"true"}, Env: child.CleanEnv(), Log: filepath.Join(t.TempDir(), "log")})
	if err != nil {
		t.Fatal(err)
	}
	<-ended.Done()
	r.now = ended
	if _, ok := r.freezeChild(); ok || r.kill() {
		t.Error("struck a process that had ended")
	}
	ctx, end := context.WithCancel(t.Context())
	end()
	c := &chaos{replicas: []*replica{r}, net: &network{}, say: func(string, ...any) {}, struck: map[string]int{}, missed: map[string]int{}}
	for _, name := range []string{harmKill, harmFreeze} {
		if c.strikeWhenPossible(ctx, harm{Name: name}); c.missed[name] != 1 || c.struck[name] != 0 {
			t.Errorf("%s: struck %v, missed %v", name, c.struck, c.missed)
		}
	}
}

// TestOutage: a start is excused while the database is struck, and for a while after it.
func TestOutage(t *testing.T) {
	t.Parallel()
	n := &network{}
	began := time.Now()
	if n.wasOutOfReach(began) {
		t.Error("trouble without a blow")
	}
	first, second := n.beginOutage(), n.beginOutage()
	first()
	if !n.wasOutOfReach(time.Now().Add(time.Hour)) {
		t.Error("the second blow still lasts")
	}
	second()
	if !n.wasOutOfReach(began) || n.wasOutOfReach(time.Now().Add(time.Hour)) {
		t.Error("trouble doesn't end with its blows")
	}
}
