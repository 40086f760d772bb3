package teams

import (
	"context"
	"time"

	"parley/channels/pause"
)

// Run implements bridge.Surface: Teams sends requests by itself, so it reads what was missed:
// after the start, after gaps, and from time to time.
func (s *Surface) Run(ctx context.Context) error {
	defer s.work.Wait()
	s.CatchUp(time.Time{})
	if !s.introduce(ctx) {
		return nil
	}
	s.sweeper.Run(ctx, s.catchUp)
	return nil
}

// introduce gets a token and tells whether that works, as often as it takes; false when ctx
// ended first.
func (s *Surface) introduce(ctx context.Context) bool {
	for wait := time.Second; ; wait = min(2*wait, time.Minute) {
		err := s.notes.load(ctx)
		if err == nil && !s.alone() {
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
		if !pause.For(ctx, wait) {
			return false
		}
	}
}

// CatchUp implements bridge.CatcherUp.
func (s *Surface) CatchUp(since time.Time) {
	s.sweeper.CatchUp(since)
}

// chatterSince is from when on people's words at top level are of interest: they got no
// answer while we were away. Older ones would be answered far too late.
func (s *Surface) chatterSince() time.Time {
	since := s.now().Add(-time.Hour)
	if gap, open := s.sweeper.Gap(); open && !gap.IsZero() && gap.Before(since) {
		since = gap
	}
	return since
}
