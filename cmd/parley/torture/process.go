package torture

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
	"sync"
	"syscall"
	"time"
)

// stopTimeout is what a child may take to end by itself.
const stopTimeout = 30 * time.Second

// spec says how a child is started.
type spec struct {
	name    string
	program []string // and its arguments
	env     []string
	log     string // file that gets its output
	stdin   io.Reader
	stdout  io.Writer // nil = the log
}

// process is one running child.
type process struct {
	cmd  *exec.Cmd
	done chan struct{}
	err  error // how it ended; read after done
}

// start runs a child. One goroutine keeps its thread from the start to the end: the
// kernel sends the parent-death signal when that thread ends.
func start(s spec) (*process, error) {
	log, err := os.OpenFile(s.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("torture: start %s: %w", s.name, err)
	}
	cmd := exec.Command(s.program[0], s.program[1:]...) //nolint:gosec,noctx // our own program; signals end it
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = s.env, s.stdin, log, log
	if s.stdout != nil {
		cmd.Stdout = s.stdout
	}
	cmd.SysProcAttr = childAttr()
	p := &process{cmd: cmd, done: make(chan struct{})}
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
		_ = log.Close()
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("torture: start %s: %w", s.name, err)
	}
	return p, nil
}

// signal is harmless for a child that ended.
func (p *process) signal(sig syscall.Signal) {
	select {
	case <-p.done:
	default:
		_ = p.cmd.Process.Signal(sig)
	}
}

// end asks a child to stop, then kills it; it is gone afterwards.
func (p *process) end() {
	p.signal(syscall.SIGCONT)
	p.signal(syscall.SIGTERM)
	timer := time.NewTimer(stopTimeout)
	defer timer.Stop()
	select {
	case <-p.done:
	case <-timer.C:
		p.signal(syscall.SIGKILL)
		<-p.done
	}
}

// replica keeps one Parley running: it starts again whatever ends it.
type replica struct {
	spec spec

	mu      sync.Mutex
	now     *process
	killed  bool // by us
	frozen  bool
	unasked int // ends that were not our doing
}

// run supervises until ctx ends; then the child is asked to stop.
func (r *replica) run(ctx context.Context) error {
	for ctx.Err() == nil {
		p, err := start(r.spec)
		if err != nil {
			return err
		}
		r.mu.Lock()
		r.now, r.killed = p, false
		r.mu.Unlock()
		select {
		case <-p.done:
		case <-ctx.Done():
			p.end()
			return nil
		}
		r.mu.Lock()
		asked := r.killed
		if !asked {
			r.unasked++
		}
		r.mu.Unlock()
		if !asked && !pause(ctx, time.Second) { // as a service manager would
			return nil
		}
	}
	return nil
}

// kill ends the child at once, wherever it is.
func (r *replica) kill() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.now != nil {
		r.killed, r.frozen = true, false
		r.now.signal(syscall.SIGKILL)
	}
}

// freeze stops the child where it is; thaw lets it go on as if nothing had been.
func (r *replica) freeze() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.now != nil {
		r.frozen = true
		r.now.signal(syscall.SIGSTOP)
	}
}

func (r *replica) thaw() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.now != nil && r.frozen {
		r.frozen = false
		r.now.signal(syscall.SIGCONT)
	}
}

// cleanEnv is this process' environment without any setting of Parley's, and vars.
func cleanEnv(vars ...string) []string {
	var list []string
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		if strings.HasPrefix(name, "PARLEY_") || strings.HasPrefix(name, "SLACK_") || strings.HasPrefix(name, "PG") ||
			strings.HasPrefix(name, "DATABASE_URL") {
			continue
		}
		list = append(list, v)
	}
	return append(list, vars...)
}

// readEnv waits for a file of NAME=value lines and reads it.
func readEnv(ctx context.Context, path string) (map[string]string, error) {
	for {
		body, err := os.ReadFile(filepath.Clean(path))
		if err == nil {
			vars := map[string]string{}
			for line := range strings.Lines(string(body)) {
				if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
					vars[name] = value
				}
			}
			return vars, nil
		}
		if !errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("torture: %w", err)
		}
		if !pause(ctx, 20*time.Millisecond) {
			return nil, fmt.Errorf("torture: the emulators did not start: %w", ctx.Err())
		}
	}
}

// pause waits, or returns false when ctx ends first.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
