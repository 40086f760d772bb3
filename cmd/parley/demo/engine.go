package demo

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

	"parley/cmd/parley/lab"
)

const (
	// Grace is how long Parley may take to shut down after SIGTERM before it is killed.
	Grace = 25 * time.Second
	// restartPause is the wait before a Parley that died is started again.
	restartPause = time.Second
	// killPause is the wait before a Parley that the visitor killed is started again. It is long enough to write a
	// message while Parley is down.
	killPause = 10 * time.Second
)

// ErrOver is the context cause with which the demo ends Run when it starts over with empty data. Run then kills the
// process at once, instead of giving it Grace to finish its work.
var ErrOver = errors.New("the demo starts over")

// EngineOptionsX configure an Engine.
type EngineOptionsX struct {
	Exe    string // path of the program
	Args   []string
	Env    []string  // NAME=value; see the function Env
	Out    io.Writer // receives the process's standard output and standard error
	Log    *slog.Logger
	Report func(text string) // shows the visitor a text about what happened to Parley
	Pause  time.Duration     // the wait before a killed process is started again; 0 means ten seconds
}

// Engine supervises the demo's Parley. "The engine" is the real program, parley demo --engine, in a child process of the
// demo, which itself serves the page and the emulators. If the child dies by itself, it is restarted after a second.
// After Kill it stays down for Options.Pause, unless Start is called earlier. Run may be called only once; the other
// methods are safe for concurrent use.
type Engine struct {
	o        EngineOptionsX
	startNow chan struct{} // of size 1; holds a value if Start was called

	mu     sync.Mutex
	proc   *os.Process // nil while Parley isn't running
	killed bool        // the running process was killed by Kill
	state  State
}

// State describes the engine's process.
type State struct {
	Runs      bool      // the process is running
	Kills     int       // how often Kill was used
	DownSince time.Time // when the process last ended; zero means never
	BackAt    time.Time // when it will be restarted; meaningful only while Runs is false
}

// NewEngine returns an Engine that isn't running yet.
func NewEngine(o EngineOptionsX) *Engine {
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

// noteStarted records a new process. After a restart it also informs the visitor.
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

// noteEnded records that the process ended. It returns how long to wait before the restart, and a text for the visitor.
func (e *Engine) noteEnded() (wait time.Duration, text string) {
	select { // discard a call of Start that was made while the process was still running
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

// Kill kills the running Parley with SIGKILL, which leaves it as little time as a power failure.
// Errors: Parley isn't running.
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

// Start makes Run restart Parley immediately if it is down. It doesn't wait for the start. It does nothing while Parley
// is running.
func (e *Engine) Start() {
	select {
	case e.startNow <- struct{}{}:
	default:
	}
}

// State returns the current state.
func (e *Engine) State() State {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.state
}

// Env returns the environment for the engine: this process's environment without Parley's settings, followed by vars
// (NAME=value). It keeps variables that begin with PARLEY_TEST.
func Env(vars ...string) []string {
	var out []string
	for _, v := range os.Environ() {
		if !lab.IsSetting(v) || strings.HasPrefix(v, "PARLEY_TEST") {
			out = append(out, v)
		}
	}
	return append(out, vars...)
}
