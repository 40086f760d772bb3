package sweep

import (
	"context"
	"fmt"
	"slices"
	"time"

	"parley/channels"
)

// Limits of one call of the desk.
const (
	maxIDs   = 500
	maxFacts = 200
)

// CatchUp announces a gap, the time since which events may have been missed, and makes Run read now.
func (s *Sweeper) CatchUp(since time.Time) {
	s.Announce(since)
	s.Wake()
}

// CatchUpSoon announces a gap and makes Run read within retryInterval. Several calls within that time lead to one reading.
func (s *Sweeper) CatchUpSoon(since time.Time) {
	s.Announce(since)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.retryTurns = 1
}

// Channels calls read for each channel in which there are threads of ours, one after the other. If a channel can't be read,
// it goes on with the others.
// Errors: the desk's, the first of read's, ctx's.
func (s *Sweeper) Channels(ctx context.Context, read func(ctx context.Context, channel string) error) error {
	list, err := s.desk.Channels(ctx)
	if err != nil {
		return fmt.Errorf("catch-up: channels: %w", err)
	}

	var firstErr error
	for _, channel := range list {
		err := read(ctx, channel)
		if err != nil && firstErr == nil {
			firstErr = fmt.Errorf("catch-up: %w", err)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}

	return firstErr
}

// KnownFacts returns which of these ids name stored facts (see Desk.KnownFacts). It asks the desk in portions.
// Errors: the desk's.
func (s *Sweeper) KnownFacts(ctx context.Context, ids ...string) (map[string]bool, error) {
	out := map[string]bool{}
	for chunk := range slices.Chunk(ids, maxIDs) {
		known, err := s.desk.KnownFacts(ctx, chunk)
		if err != nil {
			return nil, fmt.Errorf("catch-up: seen: %w", err)
		}
		for id, ok := range known {
			out[id] = ok
		}
	}
	return out, nil
}

// Accept has the desk store facts that were missed, in their order.
// Errors: the desk's; the portions before the one that failed are stored.
func (s *Sweeper) Accept(ctx context.Context, facts []channels.Fact) error {
	for chunk := range slices.Chunk(facts, maxFacts) {
		if err := s.desk.Accept(ctx, chunk...); err != nil {
			return fmt.Errorf("catch-up: accept: %w", err)
		}
	}
	return nil
}
