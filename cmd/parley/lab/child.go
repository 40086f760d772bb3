package lab

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

// StopTimeout is how long End waits for a child to exit before it kills it.
const StopTimeout = 30 * time.Second

// Spec describes how to start a child.
type Spec struct {
	Name    string    // used in error messages
	Program []string  // path and arguments
	Env     []string  // the complete environment; see CleanEnv
	Log     string    // path of a file; the output is appended to it
	Stdin   io.Reader // nil means the null device
	Stdout  io.Writer // nil means Log
}

// Process is one running child.
type Process struct {
	cmd  *exec.Cmd
	done chan struct{}
	err  error // result of Wait; valid once done is closed
}

// Start starts a child. On Linux the kernel kills the child when the thread that started it exits (Pdeathsig),
// so one goroutine starts the child, waits for it and stays locked to its thread until then.
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

// PID returns the child's process id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Done returns a channel that is closed when the child has exited.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err returns the result of exec.Cmd.Wait. It is nil while the child runs, and after exit status 0.
func (p *Process) Err() error {
	select {
	case <-p.done:
		return p.err
	default:
		return nil
	}
}

// Signal sends a signal to the child. It does nothing if the child has exited.
func (p *Process) Signal(sig syscall.Signal) {
	select {
	case <-p.done:
	default:
		_ = p.cmd.Process.Signal(sig) // the child may exit at this moment
	}
}

// End sends SIGTERM to the child, and kills it if it does not exit within StopTimeout. It returns after the
// child has exited. A child that was suspended with SIGSTOP is resumed first.
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

// Kill kills the child and returns after it has exited.
func (p *Process) Kill() {
	p.Signal(syscall.SIGKILL)
	<-p.done
}

// CleanEnv returns the environment of this process without any setting of Parley or PostgreSQL, plus vars
// ("NAME=value").
func CleanEnv(vars ...string) []string {
	var list []string
	for _, v := range os.Environ() {
		if !IsSetting(v) {
			list = append(list, v)
		}
	}
	return append(list, vars...)
}

// IsSetting reports whether Parley or PostgreSQL reads a variable ("NAME=value"). A child under test must not
// inherit such settings: it could reach the database, the bucket or the accounts of a real Parley on this
// machine.
func IsSetting(variable string) bool {
	for _, prefix := range []string{"PARLEY_", "DATABASE_URL", "S3_", "SLACK_", "TEAMS_", "WHATSAPP_", "MESSENGER_", "TWILIO_", "PG"} {
		if strings.HasPrefix(variable, prefix) {
			return true
		}
	}
	return false
}

// ReadEnv waits until a file exists, and then reads it as NAME=value lines. A child uses WriteEnv to report its
// addresses like this.
//
// Errors: the file can't be read, or ctx ended.
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

func parseEnv(text string) map[string]string {
	vars := map[string]string{}
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			vars[name] = value
		}
	}
	return vars
}

// WriteEnv writes NAME=value lines into a file that only the owner may read. The file appears complete, by a
// rename.
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
