package pgserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// PostgreSQL's main process, the postmaster, is a child process of Parley. This file starts it in a way that makes it end
// with Parley. It also ends servers, by a clean shutdown if possible and by SIGKILL otherwise, and checks whether a server
// that an earlier Parley process left behind is still running.

// How long endProcess waits after each signal, and how long ps may take.
const (
	fastTimeout      = 30 * time.Second // a fast shutdown writes all changes to disk
	immediateTimeout = 5 * time.Second
	killTimeout      = 5 * time.Second
	psTimeout        = 5 * time.Second
)

// process is a child process, such as the postmaster.
type process struct {
	pid  int
	done chan struct{} // closed when the process has ended and was reaped
	err  error         // the result of Wait; read it only after done is closed
}

// spawn starts cmd, and reaps it when it ends. The kernel sends the parent-death signal when the thread that forked ends,
// not when its process ends, and the Go runtime may end threads at any time. So a goroutine locks its thread from the fork
// until the child has ended.
func spawn(cmd *exec.Cmd) (*process, error) {
	p := &process{done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(p.done)
		err := cmd.Start()
		if err == nil {
			p.pid = cmd.Process.Pid
		}

		started <- err

		if err == nil {
			p.err = cmd.Wait()
		}
	}()

	if err := <-started; err != nil {
		return nil, err
	}

	return p, nil
}

// stop requests a fast shutdown, and escalates as described at endProcess.
func (p *process) stop(ctx context.Context) error { return endProcess(ctx, p.pid, p.done) }

// endProcess sends a process increasingly forceful signals until gone is closed: SIGINT for a fast shutdown, SIGQUIT for an
// immediate one, then SIGKILL. If ctx ends, only the wait for the fast shutdown is cut short.
func endProcess(ctx context.Context, pid int, gone <-chan struct{}) error {
	steps := []struct {
		signal syscall.Signal
		wait   time.Duration
	}{{syscall.SIGINT, fastTimeout}, {syscall.SIGQUIT, immediateTimeout}, {syscall.SIGKILL, killTimeout}}
	for i, step := range steps {
		select {
		case <-gone:
			return nil
		default:
		}

		err := syscall.Kill(pid, step.signal)
		if err != nil && !errors.Is(err, syscall.ESRCH) { // ESRCH: it has already ended
			return fmt.Errorf("signal to server %d: %w", pid, err)
		}

		stepCtx := ctx
		if i > 0 {
			stepCtx = context.WithoutCancel(ctx)
		}

		stepCtx, cancel := context.WithTimeout(stepCtx, step.wait)
		select {
		case <-gone:
			cancel()
			return nil
		case <-stepCtx.Done():
			cancel()
		}
	}

	return fmt.Errorf("server %d did not end", pid)
}

// hasProcess reports whether a process with this ID exists, including a zombie (a dead process that wasn't reaped).
func hasProcess(pid int) bool {
	err := syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}

// isServing reports whether process pid is a running server on the cluster. It returns false if another program has reused the
// process ID. It also returns false for a zombie, although PostgreSQL mistakes that for a running server and refuses to start.
func isServing(ctx context.Context, pid int, cluster string) bool {
	if !hasProcess(pid) {
		return false
	}

	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return isServingByPS(ctx, pid, cluster)
	}

	name, state := parseStat(string(stat))
	isDead := state == "Z" || state == "X" // a zombie, or a process that is being removed
	if isDead || !strings.HasPrefix(name, "postgres") {
		return false
	}

	// A postmaster's working directory is its cluster. If that can't be read, the name alone decides.
	cwd, err := os.Readlink("/proc/" + strconv.Itoa(pid) + "/cwd")
	return err != nil || cwd == cluster
}

// parseStat returns the name and the state from /proc/PID/stat, such as "postgres" and "S" from `123 (postgres) S 1 …`. The
// name may contain any characters, including parentheses.
func parseStat(s string) (name, state string) {
	open := strings.IndexByte(s, '(')
	end := strings.LastIndexByte(s, ')')
	if open < 0 || end < open {
		return "", ""
	}
	state, _, _ = strings.Cut(strings.TrimSpace(s[end+1:]), " ")
	return s[open+1 : end], state
}

// isServingByPS is isServing for systems without /proc.
func isServingByPS(ctx context.Context, pid int, cluster string) bool {
	ctx, cancel := context.WithTimeout(ctx, psTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, "ps", "-ww", "-o", "stat=", "-o", "args=", "-p", strconv.Itoa(pid))
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		return !errors.As(err, &exit) // ps fails if the process doesn't exist; without ps, assume it is the server
	}
	state, args, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	isZombie := strings.HasPrefix(state, "Z")
	return !isZombie && strings.Contains(args, "postgres") && strings.Contains(args, cluster)
}
