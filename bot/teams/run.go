package teams

import (
	"context"
	"errors"
	"sync"
	"time"

	"parley/channels"
)

// gaps are the times in which events may have been missed.
type gaps struct {
	mu      sync.Mutex
	pending bool      // one was announced and is not filled yet
	since   time.Time // since when events may be missing in it; zero = before our time
	count   int       // how many were announced
	redo    bool      // a catch-up failed: don't wait ten minutes
}

// Run implements bridge.Surface: Teams sends requests by itself, so it reads what was missed:
// after the start, after gaps, and every ten minutes.
func (s *Surface) Run(ctx context.Context) error {
	defer s.settle()
	s.announce(time.Time{})
	wakeUp(s.wake)
	if !s.introduce(ctx) {
		return nil
	}
	s.sweepLoop(ctx)
	return nil
}

// introduce gets a token and tells whether that works, as often as it takes; false when ctx
// ended first.
func (s *Surface) introduce(ctx context.Context) bool {
	for wait := time.Second; ; wait = min(2*wait, time.Minute) {
		err := s.notes.load(ctx)
		if err == nil {
			_, err = s.token(ctx)
		}
		if err == nil {
			s.closed.open(authorized)
			s.report(s.condition())
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		s.log.Error("teams not available", "error", err)
		s.report(tokenCondition(err))
		if !pause(ctx, wait) {
			return false
		}
	}
}

// sweepLoop catches up whenever it is woken and every ten minutes, until ctx ends.
func (s *Surface) sweepLoop(ctx context.Context) {
	ticker := time.NewTicker(s.opt.SweepEvery)
	defer ticker.Stop()
	soon := time.NewTicker(5 * time.Second)
	defer soon.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-soon.C:
			if !s.gap.takeRedo() {
				continue
			}
		case <-s.wake:
		case <-ticker.C:
		}
		count := s.gap.counted()
		if err := s.catchUp(ctx); err != nil {
			if ctx.Err() != nil {
				return
			}
			s.log.Error("teams catch-up failed", "error", err)
			s.gap.again()
			continue
		}
		s.filled(count)
	}
}

// CatchUp implements bridge.CatcherUp.
func (s *Surface) CatchUp(since time.Time) {
	s.announce(since)
	wakeUp(s.wake)
}

func (s *Surface) announce(since time.Time) {
	s.gap.mu.Lock()
	if !s.gap.pending || since.Before(s.gap.since) {
		s.gap.since = since
	}
	s.gap.pending = true
	s.gap.count++
	s.gap.mu.Unlock()
	s.desk.Gap(since)
}

// filled tells that everything up to now is stored, if somebody waits for it and no gap was
// announced after the given count of them.
func (s *Surface) filled(count int) {
	s.gap.mu.Lock()
	was := s.gap.pending && s.gap.count == count
	s.gap.pending = s.gap.pending && !was
	s.gap.mu.Unlock()
	if was {
		s.desk.Filled()
	}
}

func (g *gaps) counted() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.count
}

func (g *gaps) again() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.redo = true
}

func (g *gaps) takeRedo() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	was := g.redo
	g.redo = false
	return was
}

// chatterSince is from when on people's words at top level are of interest: they got no
// answer while we were away. Older ones would be answered far too late.
func (s *Surface) chatterSince() time.Time {
	s.gap.mu.Lock()
	defer s.gap.mu.Unlock()
	since := s.now().Add(-time.Hour)
	if s.gap.pending && !s.gap.since.IsZero() && s.gap.since.Before(since) {
		since = s.gap.since
	}
	return since
}

func wakeUp(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// tokenCondition tells people what keeps us from working.
func tokenCondition(err error) channels.Condition {
	if errors.Is(err, errCredentials) {
		return channels.Condition{Status: channels.Broken, Text: "Microsoft Entra refuses Parley's app.",
			Hint: "Check TEAMS_APP_ID, TEAMS_APP_PASSWORD and TEAMS_TENANT_ID: the secret may have ended."}
	}
	return channels.Condition{Status: channels.Broken, Text: "Microsoft Teams can't be reached.", Hint: "Check the network; Parley keeps trying."}
}
