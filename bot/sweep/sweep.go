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
	"context"
	"log/slog"
	"sync"
	"time"

	"parley/channels"
)

// After a failure the sweeper reads again. The pauses double, because each try reads again all that was
// missed.
const (
	retryAfter  = 5 * time.Second
	mostRetries = 12 // times retryAfter: a minute
)

// Desk is what sweeping asks of the engine.
type Desk interface {
	// Channels gives the ids of the channels that hold threads of ours.
	Channels(ctx context.Context) ([]string, error)

	// Seen tells which ids name stored facts. The id of a message counts also if the message is a post of ours.
	Seen(ctx context.Context, ids []string) (map[string]bool, error)

	// Accept stores facts, each once.
	Accept(ctx context.Context, facts ...channels.Fact) error

	// Gap tells the engine that events may be missing. Replies wait until Filled tells it that all events
	// are stored. Since when they may be missing concerns the Sweeper alone, which reads them again.
	Gap()
	Filled()
}

// Sweeper keeps the gaps of one surface. Safe for concurrent use.
type Sweeper struct {
	desk  Desk
	log   *slog.Logger
	every time.Duration
	wake  chan struct{} // holds one

	mu    sync.Mutex
	open  bool      // a gap was announced and is not filled yet
	since time.Time // since when events may be missing in it; zero = before our time
	count int       // how many gaps were announced so far
	redo  int       // in how many turns of retryAfter to read again after a failure; 0 = no need
}

// New makes a Sweeper that reads at least every so often; Run does the work.
func New(desk Desk, log *slog.Logger, every time.Duration) *Sweeper {
	return &Sweeper{desk: desk, log: log, every: every, wake: make(chan struct{}, 1)}
}

// Announce opens a gap: events may be missing since a time; zero = from the beginning.
func (s *Sweeper) Announce(since time.Time) {
	s.mu.Lock()
	if !s.open || since.Before(s.since) {
		s.since = since
	}
	s.open = true
	s.count++
	s.mu.Unlock()
	s.desk.Gap()
}

// Gap tells whether a gap is open, and since when events may be missing in it.
func (s *Sweeper) Gap() (since time.Time, open bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.since, s.open
}

// Wake makes Run read now.
func (s *Sweeper) Wake() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// later makes Run read again in so many turns, unless that is planned already.
func (s *Sweeper) later(turns int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.redo == 0 {
		s.redo = turns
	}
}

// Run calls read when it is woken, after a failure and every so often, until ctx ends.
func (s *Sweeper) Run(ctx context.Context, read func(context.Context) error) {
	ticker := time.NewTicker(s.every)
	defer ticker.Stop()
	soon := time.NewTicker(retryAfter)
	defer soon.Stop()
	pause := 1
	for {
		select {
		case <-ctx.Done():
			return
		case <-soon.C:
			if !s.takeRedo() {
				continue
			}
		case <-s.wake:
		case <-ticker.C:
		}
		count := s.Announced()
		if err := read(ctx); err != nil {
			if ctx.Err() != nil {
				return
			}
			s.log.Error("catch-up failed", "error", err)
			s.later(pause)
			pause = min(2*pause, mostRetries)
			continue
		}
		pause = 1
		s.filled(count)
	}
}

// Announced tells how many gaps were announced so far. A surface that notes the number before it reads
// can tell later whether a new gap makes it read again.
func (s *Sweeper) Announced() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count
}

func (s *Sweeper) takeRedo() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	was := s.redo
	s.redo = max(was-1, 0)
	return was == 1
}

// filled closes the open gap and tells the desk so, unless another gap was announced since count was
// read.
func (s *Sweeper) filled(count int) {
	s.mu.Lock()
	was := s.open && s.count == count
	s.open = s.open && !was
	s.mu.Unlock()
	if was {
		s.desk.Filled()
	}
}
