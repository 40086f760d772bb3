// Package child runs programs of this repository as processes of their own, for torture
// and bench: start, signal and end them, wait for the addresses they write, and see what
// they use.
//
// What does not belong here: what the processes are for, and restarting them.
package child

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// StopTimeout is what a child may take to end by itself.
const StopTimeout = 30 * time.Second

// Spec says how a child is started.
type Spec struct {
	Name    string    // for errors
	Program []string  // and its arguments
	Env     []string  // all of it; see CleanEnv
	Log     string    // path of the file to which its output is appended
	Stdin   io.Reader // nil means none
	Stdout  io.Writer // nil means Log
}

// Process is one running child.
type Process struct {
	cmd  *exec.Cmd
	done chan struct{}
	err  error // how it ended; read after done
}

// Start runs a child. On Linux the child ends with this process, however this process ends: the kernel kills the child
// when the thread ends that started it. So one goroutine keeps that thread to the child's end.
func Start(s Spec) (*Process, error) {
	log, err := os.OpenFile(filepath.Clean(s.Log), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("child: start %s: %w", s.Name, err)
	}

	cmd := exec.Command(s.Program[0], s.Program[1:]...) //nolint:gosec,noctx // our own program; signals end it
	cmd.Env = s.Env
	cmd.Stdin = s.Stdin
	cmd.Stdout, cmd.Stderr = log, log
	if s.Stdout != nil {
		cmd.Stdout = s.Stdout
	}

	cmd.SysProcAttr = processAttributes()
	p := &Process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(p.done)
		err := cmd.Start()
		started <- err

		if err == nil {
			p.err = cmd.Wait()
		}

		_ = log.Close() // the child has its own descriptor
	}()

	if err := <-started; err != nil {
		return nil, fmt.Errorf("child: start %s: %w", s.Name, err)
	}

	return p, nil
}

// PID is the child's process id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Done is closed when the child has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err says how the child ended; nil while it runs, and after an exit with 0.
func (p *Process) Err() error {
	select {
	case <-p.done:
		return p.err
	default:
		return nil
	}
}

// Signal is harmless for a child that ended.
func (p *Process) Signal(sig syscall.Signal) {
	select {
	case <-p.done:
	default:
		_ = p.cmd.Process.Signal(sig) // it may end at this moment
	}
}

// End asks a child to stop and kills it when it takes longer than StopTimeout; it is gone
// afterwards. A stopped (SIGSTOP) child goes on first.
func (p *Process) End() {
	p.Signal(syscall.SIGCONT)
	p.Signal(syscall.SIGTERM)
	timer := time.NewTimer(StopTimeout)
	defer timer.Stop()
	select {
	case <-p.done:
	case <-timer.C:
		p.Kill()
	}
}

// Kill ends a child at once; it is gone afterwards.
func (p *Process) Kill() {
	p.Signal(syscall.SIGKILL)
	<-p.done
}

// CleanEnv returns this process' environment without any setting of Parley's or PostgreSQL's, and with vars ("NAME=value").
func CleanEnv(vars ...string) []string {
	var list []string
	for _, v := range os.Environ() {
		if !IsSetting(v) {
			list = append(list, v)
		}
	}
	return append(list, vars...)
}

// IsSetting reports whether Parley or PostgreSQL reads a variable ("NAME=value"). What is tried out must not reach the
// database, the bucket or the accounts of somebody who runs Parley on this machine.
func IsSetting(variable string) bool {
	for _, prefix := range []string{"PARLEY_", "DATABASE_URL", "S3_", "SLACK_", "TEAMS_", "WHATSAPP_", "MESSENGER_", "TWILIO_", "PG"} {
		if strings.HasPrefix(variable, prefix) {
			return true
		}
	}
	return false
}

// ReadEnv waits until a file of NAME=value lines is there, and reads it.
// Errors: the file can't be read, ctx ended.
func ReadEnv(ctx context.Context, path string) (map[string]string, error) {
	const pollInterval = 20 * time.Millisecond
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()

	for {
		body, err := os.ReadFile(filepath.Clean(path))
		if err == nil {
			return parseEnv(string(body)), nil
		}
		if !errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("child: read the variables: %w", err)
		}

		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("child: %s was not written: %w", filepath.Base(path), ctx.Err())
		case <-tick.C:
		}
	}
}

// parseEnv returns the values of NAME=value lines, by name.
func parseEnv(text string) map[string]string {
	vars := map[string]string{}
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			vars[name] = value
		}
	}
	return vars
}

// WriteEnv writes NAME=value lines into a file in one step, readable by the owner alone.
func WriteEnv(path string, vars []string) error {
	err := os.WriteFile(path+".tmp", []byte(strings.Join(vars, "\n")+"\n"), 0o600)
	if err == nil {
		err = os.Rename(path+".tmp", path)
	}
	if err != nil {
		return fmt.Errorf("child: write the variables: %w", err)
	}
	return nil
}
