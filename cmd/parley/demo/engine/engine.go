// Package engine runs the real Parley as a process beside the demo, starts it again when it dies, and kills it when somebody
// wants to see what happens then.
//
// What does not belong here: what Parley is told to do.
package engine

import (
	"cmp"
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
	// Grace is how long a stopping Parley may finish what is under way.
	Grace = 25 * time.Second
	// restartPause is the wait before a Parley that died is started again.
	restartPause = time.Second
	// killPause is the wait before a Parley that somebody killed is started again: long enough
	// to write something while it is down.
	killPause = 10 * time.Second
)

// ErrOver is the cause with which a round's context ends when the demo starts over: what
// the engine has under way is not worth waiting for.
var ErrOver = errors.New("the demo starts over")

// Options say how the engine is started.
type Options struct {
	Exe    string // the program
	Args   []string
	Env    []string  // NAME=value; see the function Env
	Out    io.Writer // gets what it writes
	Log    *slog.Logger
	Report func(text string) // tells people what happened to the engine
	Pause  time.Duration     // the wait before one that was killed is started again; 0 means ten seconds
}

// Engine keeps the demo's Parley running. "The engine" is the real program, parley demo --engine, as a child
// process beside the process with the page and the emulators. When it dies by itself, it starts again after a
// second. After Kill it stays down for Options.Pause, unless Start is called. Run is called once; the other methods
// are safe for concurrent use.
type Engine struct {
	o        Options
	startNow chan struct{} // holds a value when Start was called; of size 1

	mu     sync.Mutex
	proc   *os.Process // nil while none runs
	killed bool        // Kill ended it
	state  State
}

// State is how the engine is.
type State struct {
	Runs      bool      // the process was started and hasn't ended
	Kills     int       // how often Kill ended it
	DownSince time.Time // when the process ended last; zero means that it never did
	BackAt    time.Time // when it starts again by itself; of use only while Runs is false
}

// New returns an Engine that doesn't run yet.
func New(o Options) *Engine {
	o.Pause = cmp.Or(o.Pause, killPause)
	return &Engine{o: o, startNow: make(chan struct{}, 1)}
}

// Run keeps the engine running until ctx ends, then waits until it has stopped.
// Errors: the program can't be started at all.
func (e *Engine) Run(ctx context.Context) error {
	runtime.LockOSThread() // the kernel ends the child with the thread that made it
	defer runtime.UnlockOSThread()

	for ctx.Err() == nil {
		cmd := exec.CommandContext(ctx, e.o.Exe, e.o.Args...) //nolint:gosec // our own program
		cmd.Env = e.o.Env
		cmd.Stdout, cmd.Stderr = e.o.Out, e.o.Out
		cmd.SysProcAttr = childAttr()
		cmd.Cancel = func() error {
			if errors.Is(context.Cause(ctx), ErrOver) {
				return cmd.Process.Kill()
			}
			return cmd.Process.Signal(syscall.SIGTERM)
		}

		cmd.WaitDelay = Grace
		if err := cmd.Start(); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("demo: start the engine: %w", err)
		}

		e.noteStarted(cmd.Process)
		err := cmd.Wait()
		wait, text := e.noteEnded()

		if ctx.Err() != nil {
			return nil
		}

		e.o.Log.Warn("engine ended", "error", err)
		e.o.Report(text)

		select {
		case <-ctx.Done():
		case <-e.startNow:
		case <-time.After(wait):
		}
	}

	return nil
}

// noteStarted notes the process that runs now. If an earlier one ended, it tells the page.
func (e *Engine) noteStarted(p *os.Process) {
	e.mu.Lock()
	isRestart := !e.state.DownSince.IsZero()
	e.proc, e.killed = p, false
	e.state.Runs = true
	e.mu.Unlock()
	e.o.Log.Info("engine started", "pid", p.Pid)
	if isRestart {
		e.o.Report("Parley runs again and is connecting to Slack …")
	}
}

// noteEnded notes that Parley runs no more. It returns the wait before it is started again, and what people are told about it then.
func (e *Engine) noteEnded() (wait time.Duration, text string) {
	select { // drop a call of Start from before this end: it was about an earlier one
	case <-e.startNow:
	default:
	}

	e.mu.Lock()
	defer e.mu.Unlock()
	wait, text = restartPause, "Parley stopped; it is being started again. Nothing is lost: see its log for the reason."
	if e.killed {
		wait, text = e.o.Pause, "Parley was killed; it starts again by itself. What is said waits."
	}

	now := time.Now()
	e.proc = nil
	e.state.Runs = false
	e.state.DownSince, e.state.BackAt = now, now.Add(wait)
	return wait, text
}

// Kill ends the running Parley as a power cut does: with SIGKILL.
// Errors: none runs.
func (e *Engine) Kill() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.proc == nil {
		return errors.New("Parley doesn't run at the moment") //nolint:staticcheck // people read it
	}
	if err := e.proc.Kill(); err != nil {
		return fmt.Errorf("Parley can't be killed: %w", err) //nolint:staticcheck // people read it
	}
	e.killed = true
	e.state.Kills++
	return nil
}

// Start lets a Parley that is down start at once. It doesn't wait for it, and does nothing while Parley runs.
func (e *Engine) Start() {
	select {
	case e.startNow <- struct{}{}:
	default:
	}
}

// State returns how the engine is now.
func (e *Engine) State() State {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.state
}

// Env returns the environment of the engine: that of this process without Parley's settings, then vars
// (NAME=value). Variables that begin with PARLEY_TEST are kept.
func Env(vars ...string) []string {
	var out []string
	for _, v := range os.Environ() {
		if !child.IsSetting(v) || strings.HasPrefix(v, "PARLEY_TEST") {
			out = append(out, v)
		}
	}
	return append(out, vars...)
}
