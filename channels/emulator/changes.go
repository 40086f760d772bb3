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

// keepChanges is how many changes are kept at least. A reader that falls further behind misses some.
const keepChanges = 50_000

// Changes is the log of what happened in an emulator, to which tests subscribe. It keeps the last keepChanges at least.
type Changes[C any] struct {
	closed <-chan struct{}

	mu   sync.Mutex
	all  []C
	last int64
	more chan struct{} // closed and replaced at each change
}

// NewChanges makes an empty log; readers stop waiting when closed is.
func NewChanges[C any](closed <-chan struct{}) *Changes[C] {
	return &Changes[C]{closed: closed, more: make(chan struct{})}
}

// Add appends a change and wakes all who wait. build makes the change from its number, counted from 1; the lock is held meanwhile.
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

// Wake makes all who wait look again although there is no new change, for example after a reset.
func (l *Changes[C]) Wake() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wakeLocked()
}

func (l *Changes[C]) wakeLocked() {
	close(l.more)
	l.more = make(chan struct{})
}

// Last is the number of the latest change.
func (l *Changes[C]) Last() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last
}

// changesAfter returns the changes after the one with the number seq (never nil), the number of the last one, and a channel that is closed
// when there are more.
func (l *Changes[C]) changesAfter(seq int64) (got []C, last int64, more <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	kept := int64(len(l.all))
	n := min(max(l.last-seq, 0), kept)
	return append([]C{}, l.all[kept-n:]...), l.last, l.more
}

// Subscription reads changes in order, at its own pace. It needs no closing.
type Subscription[C any] struct {
	log  *Changes[C]
	seen int64
}

// Subscribe returns a reader of the changes from now on.
func (l *Changes[C]) Subscribe() *Subscription[C] { return &Subscription[C]{log: l, seen: l.Last()} }

// Next blocks until there are changes since the last call and returns them.
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

// WaitFor evaluates cond now and after each change until it holds. cond is called without
// locks held.
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

// ServeHTTP answers GET ?since=N[&wait=S] with the changes after N; it waits up to S seconds
// for news.
func (l *Changes[C]) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	since, err := strconv.ParseInt(q.Get("since"), 10, 64)
	if q.Get("since") != "" && err != nil {
		writeError(w, http.StatusBadRequest, errors.New("bad since"))
		return
	}

	seconds, _ := strconv.Atoi(q.Get("wait")) // without one it doesn't wait
	ctx, stop := context.WithTimeout(r.Context(), time.Duration(seconds)*time.Second)
	defer stop()
	got, _, more := l.changesAfter(since)
	if len(got) == 0 && l.wait(ctx, more) == nil {
		got, _, _ = l.changesAfter(since)
	}

	WriteJSON(w, http.StatusOK, got)
}

// Signal tells all who wait that something changed. Its zero value works.
type Signal struct {
	mu   sync.Mutex
	more chan struct{} // closed and replaced at each change; nil while nobody waits
}

// Poke says that something changed: whoever waits looks again.
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

// lookEvery is how often Wait looks again though nobody poked. A condition may be one of what a test runs, such as a row in its
// database, or a connection that it counts as open: that changes without a Poke, and nothing may poke after it.
const lookEvery = 100 * time.Millisecond

// Wait waits until done returns true. It calls done at once, after every change and once in lookEvery, without a lock.
// Errors: ctx ended.
func (s *Signal) Wait(ctx context.Context, done func() bool) error {
	tick := time.NewTicker(lookEvery)
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
