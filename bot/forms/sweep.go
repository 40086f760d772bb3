package forms

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"parley/bridge"
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

// Threads calls read for each of the threads with these roots. After the first atOnce it pauses before each, so that the chat's rate
// limit leaves calls for replies to customers, which wait for one. If the chat refuses a thread, it continues with the others.
// Errors: the first of read's, at once if it isn't a refusal; ctx's.
func Threads(
	ctx context.Context, roots []bridge.Place, atOnce int, pause func(context.Context) bool, isRefused func(error) bool,
	read func(root bridge.Place) error,
) error {
	var firstErr error
	for n, root := range roots {
		if n >= atOnce && !pause(ctx) {
			return ctx.Err()
		}
		err := read(root)
		if err != nil && !isRefused(err) { // the chat is unreachable, so the other threads would fail, too
			return err
		}
		firstErr = cmp.Or(firstErr, err)
	}
	return firstErr
}

// TypedSince returns since when missed messages outside of threads are still stored: an hour ago, or the beginning of an open gap if
// that is earlier, since nobody has answered those. tolerance is how far the chat's clock may be behind.
func (s *Sweeper) TypedSince(now time.Time, tolerance time.Duration) time.Time {
	since := now.Add(-time.Hour)
	began, isOpen := s.Gap()
	isKnown := isOpen && !began.IsZero()
	if isKnown && began.Before(since) {
		return began.Add(-tolerance)
	}
	return since
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

// editsReach is how far before a gap edits are looked for: in threads whose newest reply is no older than that.
const editsReach = 24 * time.Hour

// HiddenEdits remembers that edits may have been made in a gap, the time in which a chat's events were missed. A pass that
// fills the gap reads only threads with newer replies, so it doesn't find edits of old ones. The next regular passes read
// further threads for them. Replies to customers don't wait for that: each one from before a gap is read again by itself
// before it leaves.
type HiddenEdits struct {
	mu      sync.Mutex // guards all below
	since   time.Time  // threads with replies since then are read; zero if no edit is expected
	gapsYet int        // how many gaps were announced when Expect was called last
}

// Reach returns since when replies are read: at, or earlier if edits are expected.
func (e *HiddenEdits) Reach(at time.Time) time.Time {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.since.IsZero() && e.since.Before(at) {
		return e.since
	}
	return at
}

// Expect notes a gap. announced is how many gaps there were so far. isNew is false if the same gap was noted before, by a
// pass that failed to fill it.
func (e *HiddenEdits) Expect(gapSince time.Time, announced int) (isNew bool) {
	since := e.Reach(gapSince.Add(-editsReach))
	e.mu.Lock()
	defer e.mu.Unlock()
	isNew = e.since.IsZero() || e.gapsYet != announced
	e.since, e.gapsYet = since, announced
	return isNew
}

// Settle notes that all edits were looked for.
func (e *HiddenEdits) Settle() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.since = time.Time{}
}
