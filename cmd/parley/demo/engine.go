package demo

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

const (
	// engineGrace is how long a stopping Parley may finish what is under way.
	engineGrace = 25 * time.Second
	// enginePause is the wait before a Parley that died is started again.
	enginePause = time.Second
)

// engine runs the real Parley as a process of its own and starts it again when it dies.
type engine struct {
	exe    string
	args   []string
	env    []string
	out    io.Writer
	log    *slog.Logger
	report func(text string) // what the page says about the engine; "" = it runs
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
		cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
		cmd.WaitDelay = engineGrace
		if err := cmd.Start(); err != nil {
			return fmt.Errorf("demo: start the engine: %w", err)
		}
		e.log.Info("engine started", "pid", cmd.Process.Pid)
		err := cmd.Wait()
		if ctx.Err() != nil {
			return nil
		}
		e.log.Warn("engine ended", "error", err)
		e.report("Parley stopped; it is being started again. Nothing is lost: see its log for the reason.")
		select {
		case <-ctx.Done():
		case <-time.After(enginePause):
		}
	}
	return nil
}

// engineEnv gives the environment of the engine: this process' without any setting of
// Parley's, and vars.
func engineEnv(vars ...string) []string {
	var out []string
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		switch {
		case strings.HasPrefix(name, "PARLEY_") && !strings.HasPrefix(name, "PARLEY_TEST"), strings.HasPrefix(name, "SLACK_"),
			strings.HasPrefix(name, "PG"), name == "DATABASE_URL", name == "DATABASE_URL_FILE":
			continue
		}
		out = append(out, v)
	}
	return append(out, vars...)
}
