package torture

import (
	"context"
	"sync"
	"syscall"
	"time"

	"parley/cmd/parley/child"
)

// replica keeps one Parley running: it starts again whatever ends it.
type replica struct {
	n    int // from 0
	spec child.Spec

	mu      sync.Mutex
	now     *child.Process
	asked   bool // we ended it
	started time.Time
	unasked int // ends that were not our doing
}

// run supervises until ctx ends; then the child is asked to stop.
func (r *replica) run(ctx context.Context) error {
	for ctx.Err() == nil {
		r.mu.Lock()
		spec := r.spec
		r.mu.Unlock()
		p, err := child.Start(spec)
		if err != nil {
			return err
		}
		r.mu.Lock()
		r.now, r.asked, r.started = p, false, time.Now()
		r.mu.Unlock()
		select {
		case <-p.Done():
		case <-ctx.Done():
			p.End()
			return nil
		}
		r.mu.Lock()
		asked := r.asked
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
		r.asked = true
		r.now.Signal(syscall.SIGKILL)
	}
}

// freeze stops the child where it is. thaw lets it go on as if nothing had been; it is
// harmless when the child is gone.
func (r *replica) freeze() (thaw func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.now
	if p == nil {
		return func() {}
	}
	p.Signal(syscall.SIGSTOP)
	return func() { p.Signal(syscall.SIGCONT) }
}

// replace asks the child to stop and returns when it has ended; what runs next is
// program, unless that is nil.
func (r *replica) replace(program []string) {
	r.mu.Lock()
	p := r.now
	r.asked = true
	if program != nil {
		r.spec.Program = program
	}
	r.mu.Unlock()
	if p != nil {
		p.End()
	}
}

// pid of the running child; 0 = none.
func (r *replica) pid() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.now == nil {
		return 0
	}
	return r.now.PID()
}

// fell says how often the child ended by itself.
func (r *replica) fell() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.unasked
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
