package torture

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"parley/channels/pause"
	"parley/cmd/parley/child"
)

// replica is one of the Parley processes of a run, which share a database. As a service manager would, it starts the
// process again whenever it has ended. It also tells ends that the run caused, such as a kill, from others: a Parley
// at work that ends by itself makes the run fail.
type replica struct {
	index int // from 0
	spec  child.Spec

	// databaseWasDown reports whether the database was out of reach at some time since a moment. nil means that it
	// never was.
	databaseWasDown func(since time.Time) bool

	mu              sync.Mutex
	process         *child.Process // the child, running or ended; nil before the first
	endRequested    bool           // the run killed the child or asked it to end
	killed          bool           // kill has been called since the child was started
	started         time.Time
	unexpectedExits []string // ends that the run did not cause, with the last line of the log
	failedStarts    int      // as the database was out of reach, or the port was taken
}

// run starts the process, and starts it again when it has ended, until ctx ends. Then it ends the process.
func (r *replica) run(ctx context.Context) error {
	for ctx.Err() == nil {
		spec := r.currentSpec()
		log := logFrom(spec.Log)
		p, err := child.Start(spec)
		if err != nil {
			return err
		}

		r.recordStart(p)
		select {
		case <-p.Done():
		case <-ctx.Done():
			p.End()
			return nil
		}

		wasRequested := r.recordEnd(p.Err(), log)
		if !wasRequested && !pause.For(ctx, time.Second) { // as a service manager would
			return nil
		}
	}

	return nil
}

func (r *replica) currentSpec() child.Spec {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.spec
}

func (r *replica) recordStart(p *child.Process) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.process, r.started = p, time.Now()
	r.endRequested, r.killed = false, false
}

// recordEnd counts the end of a child, unless the run caused it, and reports whether it did. log returns what the
// child wrote.
func (r *replica) recordEnd(how error, log func() string) (wasRequested bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.endRequested {
		r.classifyExitLocked(how, log())
	}
	return r.endRequested
}

// recoveryTime is how long a database that comes back may still refuse connections.
const recoveryTime = 20 * time.Second

// classifyExitLocked counts an end that the run did not cause as a failed start or an unexpected exit. It is a failed
// start if Parley was starting, and its database was out of reach or its port was taken: then a service manager would
// start it again. A Parley that was at work must never end by itself. r.mu must be held.
func (r *replica) classifyExitLocked(how error, log string) {
	var exit *exec.ExitError
	gaveUp := errors.As(how, &exit) && exit.ExitCode() == 1
	wasDatabaseDown := r.databaseWasDown != nil && r.databaseWasDown(r.started.Add(-recoveryTime))
	isPortTaken := strings.Contains(log, syscall.EADDRINUSE.Error())
	isStarting := gaveUp && !strings.Contains(log, readyLine)
	hasReason := wasDatabaseDown || isPortTaken
	if isStarting && hasReason {
		r.failedStarts++
		return
	}

	last := strings.TrimSpace(log)
	last = last[strings.LastIndexByte(last, '\n')+1:]

	if how == nil {
		how = errors.New("exit status 0")
	}

	r.unexpectedExits = append(r.unexpectedExits, fmt.Sprintf("Parley %d ended by itself (%v) after %s; it said last: %.300s", r.index+1, how,
		time.Since(r.started).Round(time.Millisecond), last))
}

// readyLine is in the log of a Parley that has started.
const readyLine = `"msg":"ready"`

// logFrom returns what is written into a log from now on.
func logFrom(path string) func() string {
	begin := int64(0)
	if info, err := os.Stat(path); err == nil {
		begin = info.Size()
	}
	return func() string {
		body, err := os.ReadFile(filepath.Clean(path))
		if err != nil || int64(len(body)) < begin {
			return ""
		}
		return string(body[begin:])
	}
}

// kill ends the child at once, wherever it is, and reports whether there was one.
func (r *replica) kill() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.isAlive() {
		return false
	}
	r.endRequested, r.killed = true, true
	r.process.Signal(syscall.SIGKILL)
	return true
}

// isAlive reports whether the child runs. Caller holds r.mu.
func (r *replica) isAlive() bool {
	if r.process == nil || r.killed {
		return false
	}
	select {
	case <-r.process.Done():
		return false
	default:
		return true
	}
}

// suspend stops the child where it is (SIGSTOP) and reports whether there was one. resume lets it go on; it does
// nothing when the child is gone.
func (r *replica) suspend() (resume func(), ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.isAlive() {
		return func() {}, false
	}
	p := r.process
	p.Signal(syscall.SIGSTOP)
	return func() { p.Signal(syscall.SIGCONT) }, true
}

// replace asks the child to end, and returns when it has ended. What runs next is program, with env added to its
// environment. If program is nil it is the same as before.
func (r *replica) replace(program []string, env ...string) {
	r.mu.Lock()
	p := r.process
	r.endRequested = true
	if program != nil {
		r.spec.Program = program
		r.spec.Env = append(slices.Clone(r.spec.Env), env...)
	}
	r.mu.Unlock()
	if p != nil {
		p.End()
	}
}

// currentPID returns the process id of the child, or 0 if there has been none.
func (r *replica) currentPID() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.process == nil {
		return 0
	}
	return r.process.PID()
}

// unexpectedEnds returns the ends of the child that the run did not cause, and how many starts failed.
func (r *replica) unexpectedEnds() (exits []string, failedStarts int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.unexpectedExits), r.failedStarts
}
