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
	// Channels returns the ids of the channels in which there are threads of ours.
	Channels(ctx context.Context) ([]string, error)

	// KnownFacts returns which ids name stored facts. The id of a message counts also if the message is a post of ours.
	KnownFacts(ctx context.Context, ids []string) (map[string]bool, error)

	// Accept stores facts, each once.
	Accept(ctx context.Context, facts ...channels.Fact) error

	// Gap tells the engine that events may be missing: replies wait from now on.
	Gap()

	// Filled tells the engine that all events are stored.
	Filled()
}

// A chat tells Parley of each event once. When the connection is down, or Parley is, events may be missed: that time is a
// gap. To fill it, the chat's history is read and whatever isn't stored yet is stored as facts; a fact is one thing that
// happened, under an id by which it counts only once. Until then no reply leaves, since it could miss what was said.

// Sweeper keeps the gaps of one surface, which is a chat in which agents work, and has them filled. It is safe for
// concurrent use.
type Sweeper struct {
	desk     Desk
	log      *slog.Logger
	interval time.Duration // Run reads at least this often
	wake     chan struct{} // holds one signal for Run

	mu         sync.Mutex // guards all below
	open       bool       // a gap was announced and is not filled yet
	since      time.Time  // when the open gap began; zero means before our start
	announced  int        // how many gaps were announced so far
	retryTurns int        // in how many turns of retryInterval Run tries again; 0 means that no retry is planned
}

// New makes a Sweeper that reads once in an interval, and more often when it has to; Run does the work.
func New(desk Desk, log *slog.Logger, interval time.Duration) *Sweeper {
	return &Sweeper{desk: desk, log: log, interval: interval, wake: make(chan struct{}, 1)}
}

// Announce opens a gap, or extends the one that is open: events may be missing since a time. Zero means since before our
// start.
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

// ErrGapGoesOn is what Run's read returns if it has stored all that was missed so far, while events are still being missed.
// The gap stays open then, and Run doesn't hurry to read again.
var ErrGapGoesOn = errors.New("catch-up: events are still being missed")

// Run calls read when Wake was called, some time after a failure, and once in an interval. It returns when ctx ends. After
// a read without an error, the gap that was open before counts as filled.
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
			if !s.countRetryTurn() {
				continue
			}
		case <-s.wake:
		case <-regular.C:
		}

		announced := s.CountGaps()
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

// CountGaps returns how many gaps were announced so far. If the number is another one after reading than before, a new
// gap has begun meanwhile.
func (s *Sweeper) CountGaps() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.announced
}

// countRetryTurn counts one turn of retryInterval. isDue means that a planned retry is due with it.
func (s *Sweeper) countRetryTurn() (isDue bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.retryTurns == 0 {
		return false
	}
	s.retryTurns--
	return s.retryTurns == 0
}

// closeGap closes the open gap and tells the desk so. It does nothing if another gap was announced since then, because
// what was missed in that one was perhaps not read. announced is what CountGaps returned before the reading.
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
