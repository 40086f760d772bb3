package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"parley/cmd/parley/child"
)

const (
	// engineGrace is how long a stopping Parley may finish what is under way.
	engineGrace = 25 * time.Second
	// enginePause is the wait before a Parley that died is started again.
	enginePause = time.Second
	// killPause is the wait before a Parley that somebody killed is started again: long enough
	// to write something while it is down.
	killPause = 10 * time.Second
)

// errOver is the cause with which a round's context ends when the demo starts over: what
// the engine has under way is not worth waiting for.
var errOver = errors.New("the demo starts over")

// engine runs the real Parley as a process of its own and starts it again when it dies.
type engine struct {
	exe    string
	args   []string
	env    []string
	out    io.Writer
	log    *slog.Logger
	report func(text string) // what the page says about the engine
	pause  time.Duration     // the wait before one that was killed is started again

	again chan struct{} // asks a dead one to start now; of size 1

	mu     sync.Mutex
	proc   *os.Process // nil while none runs
	killed bool        // kill ended it
	kills  int
	down   time.Time // since when none runs
	back   time.Time // when the next one starts by itself
}

// run keeps the engine running until ctx ends, then waits until it has stopped.
// Errors: the program can't be started at all.
func (e *engine) run(ctx context.Context) error {
	runtime.LockOSThread() // the kernel ends the child with the thread that made it
	defer runtime.UnlockOSThread()
	for ctx.Err() == nil {
		cmd := exec.CommandContext(ctx, e.exe, e.args...) //nolint:gosec // our own program
		cmd.Env, cmd.Stdout, cmd.Stderr = e.env, e.out, e.out
		cmd.SysProcAttr = childAttr()
		cmd.Cancel = func() error {
			if errors.Is(context.Cause(ctx), errOver) {
				return cmd.Process.Kill()
			}
			return cmd.Process.Signal(syscall.SIGTERM)
		}
		cmd.WaitDelay = engineGrace
		if err := cmd.Start(); err != nil {
			return fmt.Errorf("demo: start the engine: %w", err)
		}
		e.started(cmd.Process)
		err := cmd.Wait()
		wait := e.ended()
		if ctx.Err() != nil {
			return nil
		}
		e.log.Warn("engine ended", "error", err)
		select {
		case <-ctx.Done():
		case <-e.again:
		case <-time.After(wait):
		}
	}
	return nil
}

func (e *engine) started(p *os.Process) {
	e.mu.Lock()
	again := !e.down.IsZero()
	e.proc, e.killed = p, false
	e.mu.Unlock()
	e.log.Info("engine started", "pid", p.Pid)
	if again {
		e.report("Parley runs again and is connecting to Slack …")
	}
}

// ended notes that Parley runs no more, and gives the wait before it is started again.
func (e *engine) ended() time.Duration {
	select { // drop a wish that was meant for the Parley that ended
	case <-e.again:
	default:
	}
	e.mu.Lock()
	wait, text := enginePause, "Parley stopped; it is being started again. Nothing is lost: see its log for the reason."
	if e.killed {
		wait, text = e.pause, "Parley was killed; it starts again by itself. What is said waits."
	}
	now := time.Now()
	e.proc, e.down, e.back = nil, now, now.Add(wait)
	e.mu.Unlock()
	e.report(text)
	return wait
}

// kill ends the running Parley as a power cut does: with SIGKILL.
// Errors: none runs.
func (e *engine) kill() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.proc == nil {
		return errors.New("Parley doesn't run at the moment") //nolint:staticcheck // people read it
	}
	if err := e.proc.Kill(); err != nil {
		return fmt.Errorf("Parley can't be killed: %w", err) //nolint:staticcheck // people read it
	}
	e.killed = true
	e.kills++
	return nil
}

// start lets a Parley that was killed start now.
func (e *engine) start() {
	select {
	case e.again <- struct{}{}:
	default:
	}
}

// state tells whether the engine runs and how often it was killed; if it is down, since
// when, and when it comes back by itself.
func (e *engine) state() (runs bool, kills int, down, back time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.proc != nil, e.kills, e.down, e.back
}

// engineEnv gives the environment of the engine: this process' without any setting of
// Parley's, and vars.
func engineEnv(vars ...string) []string {
	var out []string
	for _, v := range os.Environ() {
		if !child.IsSetting(v) || strings.HasPrefix(v, "PARLEY_TEST") {
			out = append(out, v)
		}
	}
	return append(out, vars...)
}
