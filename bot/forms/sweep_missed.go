package forms

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"parley/channels"
)

// A Sweeper reads a chat's history after Parley may have missed events of the chat, such as during an outage. This file has
// the steps that are the same in every chat: start reading, visit each channel, look up which events are stored already,
// and store the others. An event is stored as a fact: bytes with an id, which is stored only once.

// Maximum sizes of one call of the Desk, the Sweeper's interface to the database.
const (
	maxIDs   = 500
	maxFacts = 200
)

// CatchUp announces a gap: events may have been missed since a time. It makes Run read now.
func (s *Sweeper) CatchUp(since time.Time) {
	s.Announce(since)
	s.Wake()
}

// CatchUpSoon announces a gap and makes Run read within retryInterval. Several calls within that time cause one pass.
func (s *Sweeper) CatchUpSoon(since time.Time) {
	s.Announce(since)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.retryTurns = 1
}

// Channels calls read for each channel that has threads of ours, one after the other. After an error of read it continues
// with the other channels.
// Errors: the desk's, the first of read's, ctx's.
func (s *Sweeper) Channels(ctx context.Context, read func(ctx context.Context, channel string) error) error {
	ids, err := s.desk.Channels(ctx)
	if err != nil {
		return fmt.Errorf("catch-up: channels: %w", err)
	}

	var firstErr error
	for _, channel := range ids {
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

// KnownFacts returns which of these ids belong to stored facts (see Desk.KnownFacts).
// Errors: the desk's.
func (s *Sweeper) KnownFacts(ctx context.Context, ids ...string) (map[string]bool, error) {
	known := map[string]bool{}
	for chunk := range slices.Chunk(ids, maxIDs) {
		knownOfChunk, err := s.desk.KnownFacts(ctx, chunk)
		if err != nil {
			return nil, fmt.Errorf("catch-up: seen: %w", err)
		}
		maps.Copy(known, knownOfChunk)
	}
	return known, nil
}

// Accept stores missed facts, in their order.
// Errors: the desk's. Facts of earlier chunks are stored even then, so the caller can pass all of them again.
func (s *Sweeper) Accept(ctx context.Context, facts []channels.Fact) error {
	for chunk := range slices.Chunk(facts, maxFacts) {
		if err := s.desk.Accept(ctx, chunk...); err != nil {
			return fmt.Errorf("catch-up: accept: %w", err)
		}
	}
	return nil
}
