// Package sweep decides when a surface reads the events that it missed: after a gap, when it is asked
// to, soon after a failure, and from time to time. While a gap isn't filled, the engine holds replies
// back.
//
// It also does what is the same for every surface: the pass over the channels, and the questions to
// the desk, which are bounded in size; and Marks remember, over processes, until when everything is stored.
//
// What does not belong here: how a surface reads its chat's history.
package sweep

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"parley/channels"
)

// After a failure the sweeper reads again. It waits twice as long after each failure, because each try reads again all
// that was missed.
const (
	retryInterval = 5 * time.Second
	maxRetryTurns = 12 // times retryInterval: a minute
)

// Desk is what sweeping asks of the engine.
type Desk interface {
	// Channels returns the ids of the channels that hold threads of ours.
	Channels(ctx context.Context) ([]string, error)

	// Seen returns which ids name stored facts. The id of a message counts also if the message is a post of ours.
	Seen(ctx context.Context, ids []string) (map[string]bool, error)

	// Accept stores facts, each once.
	Accept(ctx context.Context, facts ...channels.Fact) error

	// Gap tells the engine that events may be missing. Replies wait until Filled says that all events
	// are stored. Since when events may be missing concerns the Sweeper alone, which reads them again.
	Gap()
	Filled()
}

// Sweeper keeps the gaps of one surface: the times in which events may have been missed. Safe for concurrent use.
type Sweeper struct {
	desk     Desk
	log      *slog.Logger
	interval time.Duration // Run reads at least as often
	wake     chan struct{} // holds one signal

	mu         sync.Mutex // guards all below
	open       bool       // a gap was announced and is not filled yet
	since      time.Time  // since when events may be missing in it; zero means since before our start
	announced  int        // how many gaps were announced so far
	retryTurns int        // Run reads again after so many turns of retryInterval; 0 means that no retry is planned
}

// New makes a Sweeper that reads once in an interval, and more often when it has to; Run does the work.
func New(desk Desk, log *slog.Logger, interval time.Duration) *Sweeper {
	return &Sweeper{desk: desk, log: log, interval: interval, wake: make(chan struct{}, 1)}
}

// Announce opens a gap: events may be missing since a time. Zero means since before our start.
func (s *Sweeper) Announce(since time.Time) {
	s.mu.Lock()
	if !s.open || since.Before(s.since) { // a gap that is open already keeps its beginning if that is earlier
		s.since = since
	}
	s.open = true
	s.announced++
	s.mu.Unlock()
	s.desk.Gap()
}

// Gap reports whether a gap is open, and since when events may be missing in it.
func (s *Sweeper) Gap() (since time.Time, open bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.since, s.open
}

// Wake makes Run read now.
func (s *Sweeper) Wake() {
	select {
	case s.wake <- struct{}{}:
	default: // a signal waits already
	}
}

// planRetry makes Run read again after so many turns, unless a retry is planned already.
func (s *Sweeper) planRetry(turns int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.retryTurns = cmp.Or(s.retryTurns, turns)
}

// ErrGapGoesOn is what a reading returns that has found all that was missed so far, while events are still being missed: an open gap
// stays open, and the next reading is no sooner for it.
var ErrGapGoesOn = errors.New("catch-up: events are still being missed")

// Run calls read when it is woken, after a failure, and once in an interval, until ctx ends.
func (s *Sweeper) Run(ctx context.Context, read func(context.Context) error) {
	regular := time.NewTicker(s.interval)
	defer regular.Stop()
	retries := time.NewTicker(retryInterval)
	defer retries.Stop()
	turns := 1
	for {
		select {
		case <-ctx.Done():
			return
		case <-retries.C:
			if !s.isRetryDue() {
				continue
			}
		case <-s.wake:
		case <-regular.C:
		}

		announced := s.Announced()

		err := read(ctx)
		goesOn := errors.Is(err, ErrGapGoesOn)
		if err != nil && !goesOn {
			if ctx.Err() != nil {
				return
			}

			s.log.Error("catch-up failed", "error", err)
			s.planRetry(turns)
			turns = min(2*turns, maxRetryTurns)
			continue
		}

		turns = 1
		if !goesOn {
			s.closeGap(announced)
		}
	}
}

// Announced returns how many gaps were announced so far. A surface that keeps the number from before it reads
// sees afterwards whether a new gap makes it read again.
func (s *Sweeper) Announced() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.announced
}

// isRetryDue counts one turn, and reports whether the planned retry is due with it.
func (s *Sweeper) isRetryDue() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.retryTurns == 0 {
		return false
	}
	s.retryTurns--
	return s.retryTurns == 0
}

// closeGap closes the open gap and tells the desk so, unless another gap was announced since announced was
// read: what that one misses was perhaps not read.
func (s *Sweeper) closeGap(announced int) {
	s.mu.Lock()
	isFilled := s.open && s.announced == announced
	if isFilled {
		s.open = false
	}
	s.mu.Unlock()
	if isFilled {
		s.desk.Filled()
	}
}
