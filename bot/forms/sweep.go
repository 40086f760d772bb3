package forms

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"parley/channels"
)

// Retries after a failed pass. The delay doubles with each failure, because each pass reads everything since the gap began.
const (
	retryInterval = 5 * time.Second
	maxRetryTurns = 12 // maximum delay in units of retryInterval: a minute
)

// SweepDesk is what a Sweeper needs from the engine, the part of Parley that owns the database. An event is stored as a fact: its
// bytes with an id.
type SweepDesk interface {
	// Channels returns the ids of the channels that have threads of ours.
	Channels(ctx context.Context) ([]string, error)

	// KnownFacts returns which ids belong to stored facts. A message that we posted ourselves counts as stored.
	KnownFacts(ctx context.Context, ids []string) (map[string]bool, error)

	// Accept stores facts. It ignores those whose ids are stored already.
	Accept(ctx context.Context, facts ...channels.Fact) error

	// Gap reports that events may be missing. The engine holds replies back from now on.
	Gap()

	// Filled reports that all events are stored.
	Filled()
}

// Sweeper tracks the gaps of one chat and decides when to read its history: once in an interval, when Wake is called, and
// soon after a failure. It is safe for concurrent use.
type Sweeper struct {
	desk     SweepDesk
	log      *slog.Logger
	interval time.Duration
	wake     chan struct{} // holds at most one signal for Run

	mu         sync.Mutex // guards the fields below
	open       bool       // a gap was announced and is not filled yet
	since      time.Time  // when the open gap began; zero means before this process started
	announced  int        // number of gaps announced so far
	retryTurns int        // ticks of retryInterval until the next retry; 0 means that no retry is planned
}

// NewSweep makes a Sweeper that reads at least once in an interval. Its Run does the work.
func NewSweep(desk SweepDesk, log *slog.Logger, interval time.Duration) *Sweeper {
	return &Sweeper{desk: desk, log: log, interval: interval, wake: make(chan struct{}, 1)}
}

// Announce opens a gap: events may be missing since a time. Zero means since before this process started. If a gap is open,
// it extends that one.
func (s *Sweeper) Announce(since time.Time) {
	s.mu.Lock()
	if !s.open || since.Before(s.since) {
		s.since = since
	}
	s.open = true
	s.announced++
	s.mu.Unlock()
	s.desk.Gap()
}

// Gap reports whether a gap is open, and since when.
func (s *Sweeper) Gap() (since time.Time, open bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.since, s.open
}

// Wake makes Run read now, or once more after the current pass.
func (s *Sweeper) Wake() {
	select {
	case s.wake <- struct{}{}:
	default: // a signal is pending already
	}
}

// planRetry makes Run read again after this many ticks of retryInterval, unless a retry is planned already.
func (s *Sweeper) planRetry(turns int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.retryTurns = cmp.Or(s.retryTurns, turns)
}

// ErrGapGoesOn is returned by the read function of Run if it has stored everything so far but events are still being
// missed, because the connection is still down. The gap stays open, and the next pass is a regular one.
var ErrGapGoesOn = errors.New("catch-up: events are still being missed")

// Run calls read, which reads the chat's history and stores what is missing. If read succeeds, the gap that was open before
// it is filled. Run returns when ctx ends.
func (s *Sweeper) Run(ctx context.Context, read func(context.Context) error) {
	regular := time.NewTicker(s.interval)
	defer regular.Stop()
	retries := time.NewTicker(retryInterval)
	defer retries.Stop()
	retryDelay := 1 // in ticks of retryInterval
	for {
		select {
		case <-ctx.Done():
			return
		case <-retries.C:
			if !s.countRetryTurn() {
				continue
			}
		case <-s.wake:
		case <-regular.C:
		}

		announced := s.CountGaps()
		err := read(ctx)
		switch {
		case err == nil:
			s.closeGap(announced)
			retryDelay = 1
		case errors.Is(err, ErrGapGoesOn):
			retryDelay = 1
		case ctx.Err() != nil:
			return
		default:
			s.log.Error("catch-up failed", "error", err)
			s.planRetry(retryDelay)
			retryDelay = min(2*retryDelay, maxRetryTurns)
		}
	}
}

// CountGaps returns how many gaps were announced so far. If the number changes during a pass, a new gap has begun, and the
// pass may not have read all of it.
func (s *Sweeper) CountGaps() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.announced
}

// countRetryTurn counts one tick of retryInterval. isDue means that a planned retry is now due.
func (s *Sweeper) countRetryTurn() (isDue bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.retryTurns == 0 {
		return false
	}
	s.retryTurns--
	return s.retryTurns == 0
}

// closeGap closes the open gap and notifies the desk. announced is the result of CountGaps before the pass. If another gap
// was announced since then, the pass may not have read what was missed in it, so closeGap does nothing.
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
