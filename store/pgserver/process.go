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

// The PostgreSQL server is a child process of Parley, called the postmaster. This file starts it so that it ends
// with Parley, and ends processes: politely first, then with kill.

// How long endProcess waits after each signal, and how long ps may take.
const (
	fastTimeout      = 30 * time.Second // a fast shutdown writes what is not yet on disk
	immediateTimeout = 5 * time.Second
	killTimeout      = 5 * time.Second
	psTimeout        = 5 * time.Second
)

// process is our child, the postmaster.
type process struct {
	pid  int
	done chan struct{} // closed when it has ended and was reaped
	err  error         // how it ended; read after done
}

// spawn starts cmd and reaps it. The kernel sends the parent-death signal when the *thread* that
// forked ends, not the process, and the runtime may end threads at will: so one goroutine keeps
// its thread to itself from the fork until the child is gone.
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

// stop asks for a fast shutdown, and for harder ones if ctx or the time of a step ends.
func (p *process) stop(ctx context.Context) error { return endProcess(ctx, p.pid, p.done) }

// endProcess sends a process harder and harder signals until gone is closed. The end of ctx shortens only the first
// step, the fast shutdown.
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
		if err != nil && !errors.Is(err, syscall.ESRCH) { // ESRCH: it has ended by itself
			return fmt.Errorf("signal to server %d: %w", pid, err)
		}

		wait := ctx
		if i > 0 {
			wait = context.WithoutCancel(ctx)
		}

		wait, cancel := context.WithTimeout(wait, step.wait)
		select {
		case <-gone:
			cancel()
			return nil
		case <-wait.Done():
			cancel()
		}
	}

	return fmt.Errorf("server %d did not end", pid)
}

// hasProcess returns whether there is a process with that id, even a dead one that was not reaped.
func hasProcess(pid int) bool {
	err := syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}

// isServing returns whether process pid is a living server on the cluster. Another program that got the number later is none.
// Nor is a server that is dead but not reaped, although PostgreSQL takes such a zombie for a living one and refuses to start.
func isServing(ctx context.Context, pid int, cluster string) bool {
	if !hasProcess(pid) {
		return false
	}

	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return isServingByPS(ctx, pid, cluster)
	}

	name, state := parseStat(string(stat))
	isDead := state == "Z" || state == "X" // a zombie, or about to go
	if isDead || !strings.HasPrefix(name, "postgres") {
		return false
	}

	// A postmaster's working folder is its cluster. If the folder can't be read, the name has to do.
	cwd, err := os.Readlink("/proc/" + strconv.Itoa(pid) + "/cwd")
	return err != nil || cwd == cluster
}

// parseStat reads the name and the state of a process. Shape: `123 (postgres) S 1 …`; the name may hold anything.
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
		return !errors.As(err, &exit) // no such process; without ps, believe the pid
	}
	state, args, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	isZombie := strings.HasPrefix(state, "Z")
	return !isZombie && strings.Contains(args, "postgres") && strings.Contains(args, cluster)
}
