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

	"parley/channels/wire"
	"parley/cmd/parley/lab"
)

// replica runs one of the Parley processes of a test run, which share a database. Like a service manager, it restarts the
// process whenever it exits. It also distinguishes exits that the run caused, such as a kill, from unexpected ones: if a
// working Parley exits by itself, the run fails.
type replica struct {
	index int // from 0
	spec  lab.Spec

	// databaseWasDown reports whether the database was unreachable at any time since the given one. nil means never.
	databaseWasDown func(since time.Time) bool

	mu              sync.Mutex
	process         *lab.Process // the latest process, which may have exited; nil before the first
	endRequested    bool         // the run killed the process or asked it to exit
	killed          bool         // kill was called since the process was started
	started         time.Time
	unexpectedExits []string // descriptions of exits that the run did not cause
	failedStarts    int      // because the database was unreachable or the port was taken
}

// run starts the process, and restarts it whenever it exits, until ctx ends. Then it ends the process.
func (r *replica) run(ctx context.Context) error {
	for ctx.Err() == nil {
		spec := r.currentSpec()
		log := logFrom(spec.Log)
		p, err := lab.Start(spec)
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
		if !wasRequested && !wire.For(ctx, time.Second) { // as a service manager would
			return nil
		}
	}

	return nil
}

func (r *replica) currentSpec() lab.Spec {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.spec
}

func (r *replica) recordStart(p *lab.Process) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.process, r.started = p, time.Now()
	r.endRequested, r.killed = false, false
}

// recordEnd records the exit of the process, unless the run caused it, and reports whether the run did. log returns what
// the process wrote.
func (r *replica) recordEnd(how error, log func() string) (wasRequested bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.endRequested {
		r.classifyExitLocked(how, log())
	}
	return r.endRequested
}

// recoveryTime is how long a database may refuse connections after an outage.
const recoveryTime = 20 * time.Second

// classifyExitLocked counts an exit that the run did not cause as a failed start or an unexpected exit. A failed start is
// harmless: Parley was still starting, and its database was unreachable or its port was taken. A Parley that has started
// must never exit by itself. r.mu must be held.
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

// readyLine is in the log once Parley has started.
const readyLine = `"msg":"ready"`

// logFrom returns a function that returns what was written to a log after this call.
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

// kill sends the process SIGKILL. It returns false if no process runs.
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

// isAlive reports whether the process runs. r.mu must be held.
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

// suspend stops the process with SIGSTOP until resume is called. ok is false if no process runs. resume does nothing if the
// process has exited.
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

// replace asks the process to exit and waits for it. If program isn't nil, run then starts program instead.
func (r *replica) replace(program []string) {
	r.mu.Lock()
	p := r.process
	r.endRequested = true
	if program != nil {
		r.spec.Program = program
	}
	r.mu.Unlock()
	if p != nil {
		p.End()
	}
}

// currentPID returns the id of the latest process; 0 if there has been none.
func (r *replica) currentPID() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.process == nil {
		return 0
	}
	return r.process.PID()
}

// unexpectedEnds returns the exits that the run did not cause, and the number of failed starts.
func (r *replica) unexpectedEnds() (exits []string, failedStarts int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.unexpectedExits), r.failedStarts
}
