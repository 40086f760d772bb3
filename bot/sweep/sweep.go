// Package sweep decides when a surface reads what it missed: after gaps, when it is asked to,
// soon after a failure, and from time to time. While a gap isn't filled, the engine's replies
// wait.
//
// It also has what is the same in each reading: the pass over the channels, and the bounded
// questions to the desk.
//
// What does not belong here: how a surface reads.
package sweep

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"parley/channels"
)

// After a failure it is tried again, unless something else wakes it: reading costs all that
// was missed, so the pauses double.
const (
	retryAfter  = 5 * time.Second
	mostRetries = 12 // times retryAfter: a minute
)

// Desk is what sweeping asks of the engine.
type Desk interface {
	// Channels gives the ids of the channels that hold threads of ours.
	Channels(ctx context.Context) ([]string, error)

	// Seen tells which ids of facts are stored; those of messages also where they are posts of ours.
	Seen(ctx context.Context, ids []string) (map[string]bool, error)

	// Accept stores facts, each once.
	Accept(ctx context.Context, facts ...channels.Fact) error

	// Gap tells that events may be missing since a time; replies wait until Filled tells that what
	// was missed is stored.
	Gap(since time.Time)
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
	count int       // how many were announced
	redo  int       // when to read again, in turns of retryAfter: something could not be read or stored; 0 = no need
}

// New makes a Sweeper that reads at least every so often; Run does the work.
func New(desk Desk, log *slog.Logger, every time.Duration) *Sweeper {
	return &Sweeper{desk: desk, log: log, every: every, wake: make(chan struct{}, 1)}
}

// Announce tells that events may be missing since a time; zero = since ever.
func (s *Sweeper) Announce(since time.Time) {
	s.mu.Lock()
	if !s.open || since.Before(s.since) {
		s.since = since
	}
	s.open = true
	s.count++
	s.mu.Unlock()
	s.desk.Gap(since)
}

// Gap tells since when events may be missing, while they are.
func (s *Sweeper) Gap() (since time.Time, open bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.since, s.open
}

// Wake has it read now.
func (s *Sweeper) Wake() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// later has it read again so many turns from now.
func (s *Sweeper) later(turns int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.redo == 0 {
		s.redo = turns
	}
}

// Run reads whenever there is cause, until ctx ends.
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

// Announced tells how many gaps were announced so far: what was read since the last of them
// need not be read again for it.
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

// filled tells that everything up to now is stored, if somebody waits for it and no gap was
// announced after the given count of them.
func (s *Sweeper) filled(count int) {
	s.mu.Lock()
	was := s.open && s.count == count
	s.open = s.open && !was
	s.mu.Unlock()
	if was {
		s.desk.Filled()
	}
}
