// Package sweep decides when a surface reads what it missed: after gaps, when it is asked to,
// soon after a failure, and from time to time. While a gap isn't filled, the engine's replies
// wait.
//
// What does not belong here: how a surface reads.
package sweep

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"parley/bridge"
)

// retryAfter is how long after a failure it is tried again, unless something else wakes it.
const retryAfter = 5 * time.Second

// Sweeper keeps the gaps of one surface. Safe for concurrent use.
type Sweeper struct {
	desk  bridge.Desk
	log   *slog.Logger
	every time.Duration
	wake  chan struct{} // holds one

	mu    sync.Mutex
	open  bool      // a gap was announced and is not filled yet
	since time.Time // since when events may be missing in it; zero = before our time
	count int       // how many were announced
	redo  bool      // something could not be read or stored
}

// New makes a Sweeper that reads at least every so often; Run does the work.
func New(desk bridge.Desk, log *slog.Logger, every time.Duration) *Sweeper {
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

// Soon has it read within a few seconds.
func (s *Sweeper) Soon() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.redo = true
}

// Run reads whenever there is cause, until ctx ends.
func (s *Sweeper) Run(ctx context.Context, read func(context.Context) error) {
	ticker := time.NewTicker(s.every)
	defer ticker.Stop()
	soon := time.NewTicker(retryAfter)
	defer soon.Stop()
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
		count := s.announced()
		if err := read(ctx); err != nil {
			if ctx.Err() != nil {
				return
			}
			s.log.Error("catch-up failed", "error", err)
			s.Soon()
			continue
		}
		s.filled(count)
	}
}

func (s *Sweeper) announced() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count
}

func (s *Sweeper) takeRedo() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	was := s.redo
	s.redo = false
	return was
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
