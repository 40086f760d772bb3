package emulator

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// keepChanges is the minimum number of changes that a log keeps. A reader that falls further behind misses some.
const keepChanges = 50_000

// Changes is a log of what happened in an emulator, such as the posts in an emulated chat. Tests subscribe to
// it and wait for the changes that they expect. It keeps at least the last keepChanges. It is safe for
// concurrent use.
type Changes[C any] struct {
	closed <-chan struct{}

	mu   sync.Mutex
	all  []C           // the latest changes
	last int64         // number of the last change
	more chan struct{} // closed and replaced when there is a change
}

// NewChanges returns an empty log. Readers stop waiting when closed is closed.
func NewChanges[C any](closed <-chan struct{}) *Changes[C] {
	return &Changes[C]{closed: closed, more: make(chan struct{})}
}

// Add appends a change and wakes all waiting readers. build makes the change from its number, counted from 1.
// It is called under the log's lock.
func (l *Changes[C]) Add(build func(seq int64) C) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last++
	l.all = append(l.all, build(l.last))
	if len(l.all) > 2*keepChanges {
		l.all = slices.Clone(l.all[keepChanges:])
	}
	l.wakeLocked()
}

// Wake makes waiting readers check their conditions although there is no new change, for example after a reset.
func (l *Changes[C]) Wake() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wakeLocked()
}

func (l *Changes[C]) wakeLocked() {
	close(l.more)
	l.more = make(chan struct{})
}

// Last returns the number of the last change.
func (l *Changes[C]) Last() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last
}

// changesAfter returns the changes after number seq (never nil), the number of the last change, and a channel
// that is closed at the next change.
func (l *Changes[C]) changesAfter(seq int64) (got []C, last int64, more <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	kept := int64(len(l.all))
	n := min(max(l.last-seq, 0), kept)
	return append([]C{}, l.all[kept-n:]...), l.last, l.more
}

// Subscription reads changes in order. It needn't be closed, and is not safe for concurrent use.
type Subscription[C any] struct {
	log  *Changes[C]
	seen int64
}

// Subscribe returns a Subscription to the changes from now on.
func (l *Changes[C]) Subscribe() *Subscription[C] { return &Subscription[C]{log: l, seen: l.Last()} }

// Next waits until there are changes that it has not returned yet, and returns them.
// Errors: ctx's, or context.Canceled once the emulator is closed.
func (s *Subscription[C]) Next(ctx context.Context) ([]C, error) {
	for {
		got, last, more := s.log.changesAfter(s.seen)
		if len(got) > 0 {
			s.seen = last
			return got, nil
		}
		if err := s.log.wait(ctx, more); err != nil {
			return nil, err
		}
	}
}

func (l *Changes[C]) wait(ctx context.Context, more <-chan struct{}) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-l.closed:
		return context.Canceled
	case <-more:
		return nil
	}
}

// WaitFor waits until cond returns true. It calls cond at once and after each change, without holding locks.
// Errors: ctx's, or context.Canceled once the emulator is closed.
func (l *Changes[C]) WaitFor(ctx context.Context, cond func() bool) error {
	for {
		_, _, more := l.changesAfter(l.Last())
		if cond() {
			return nil
		}
		if err := l.wait(ctx, more); err != nil {
			return err
		}
	}
}

// ServeHTTP serves GET ?since=N[&wait=S] with the changes after number N. If there are none, it waits up to
// S seconds.
func (l *Changes[C]) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	since, err := strconv.ParseInt(q.Get("since"), 10, 64)
	if q.Get("since") != "" && err != nil {
		writeError(w, http.StatusBadRequest, errors.New("bad since"))
		return
	}

	seconds, _ := strconv.Atoi(q.Get("wait")) // 0 if missing: don't wait
	ctx, stop := context.WithTimeout(r.Context(), time.Duration(seconds)*time.Second)
	defer stop()
	got, _, more := l.changesAfter(since)
	if len(got) == 0 && l.wait(ctx, more) == nil {
		got, _, _ = l.changesAfter(since)
	}

	WriteJSON(w, http.StatusOK, got)
}

// Signal lets goroutines wait for a condition on shared state: whoever changes the state calls Poke, and Wait
// then checks the condition again. The zero value is ready for use.
type Signal struct {
	mu   sync.Mutex
	more chan struct{} // closed by Poke; nil while nobody waits
}

// Poke makes all waiting goroutines check their conditions.
func (s *Signal) Poke() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.more != nil {
		close(s.more)
		s.more = nil
	}
}

func (s *Signal) next() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.more == nil {
		s.more = make(chan struct{})
	}
	return s.more
}

// pollInterval is how often Wait checks its condition even without a Poke. A condition may depend on state
// that nobody pokes about, such as a row in a test's database.
const pollInterval = 100 * time.Millisecond

// Wait waits until done returns true. It calls done at once, after each Poke and once per pollInterval,
// without holding locks.
// Errors: that ctx ended.
func (s *Signal) Wait(ctx context.Context, done func() bool) error {
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		more := s.next()
		if done() {
			return nil
		}
		select {
		case <-more:
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("emulator: waited in vain: %w", ctx.Err())
		}
	}
}
