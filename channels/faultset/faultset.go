// Package faultset counts what goes wrong on purpose: an emulator arms faults in it and asks
// it, call by call, which of them strike.
//
// What does not belong here: what a fault does, and which calls it means. The chats' emulators
// use it as the channels' do.
package faultset

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Forever in Rule.Times keeps a fault until the faults are cleared, as does any less than 0.
const Forever = -1

// Rule says which of the calls that match a fault it strikes.
type Rule struct {
	ID          string  // given by Set.Add when empty
	Nth         int     // strikes from this one on, counted from 1; 0 is 1
	Times       int     // how often; 0 is 1; Forever
	Probability float64 // of each strike, in (0,1); 0 is certain
}

// State is a fault with its rule, and how often it matched and struck.
type State[F any] struct {
	Fault F
	Rule  Rule
	Seen  int
	Fired int
}

// Set holds the armed faults. Its lock is a leaf: nothing is called under it but the
// question whether a fault matches.
type Set[F any] struct {
	seed int64

	mu       sync.Mutex
	armed    []*State[F]
	next     int
	released chan struct{} // closed and replaced by Clear
	struck   chan struct{} // closed and replaced when one fires
}

// New makes an empty Set; seed is that of probable faults.
func New[F any](seed int64) *Set[F] {
	return &Set[F]{seed: seed, released: make(chan struct{}), struck: make(chan struct{})}
}

// Add arms a fault and gives its id.
func (s *Set[F]) Add(f F, r Rule) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next++
	if r.ID == "" {
		r.ID = fmt.Sprintf("fault-%d", s.next)
	}
	s.armed = append(s.armed, &State[F]{Fault: f, Rule: r})
	return r.ID
}

// Clear disarms all faults and lets go of every call that one holds.
func (s *Set[F]) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.armed = nil
	close(s.released)
	s.released = make(chan struct{})
}

// Remove disarms some faults, without releasing the calls they already hold.
func (s *Set[F]) Remove(ids ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.armed = slices.DeleteFunc(s.armed, func(f *State[F]) bool { return slices.Contains(ids, f.Rule.ID) })
}

// List gives the armed faults, spent ones too, in the order they were armed in.
func (s *Set[F]) List() []State[F] {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]State[F], 0, len(s.armed))
	for _, f := range s.armed {
		out = append(out, *f)
	}
	return out
}

// Wait returns when a fault has fired so many times. A call it delays is then about to
// wait. Errors: no such fault (any more), ctx ended.
func (s *Set[F]) Wait(ctx context.Context, id string, times int) error {
	for {
		n, struck, ok := s.fired(id)
		if !ok {
			return fmt.Errorf("wait for fault: no fault %q", id)
		}
		if n >= times {
			return nil
		}
		select {
		case <-struck:
		case <-ctx.Done():
			return fmt.Errorf("wait for fault: %w", ctx.Err())
		}
	}
}

// fired gives how often a fault fired and the signal of the next strike of any.
func (s *Set[F]) fired(id string) (int, <-chan struct{}, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.armed {
		if f.Rule.ID == id {
			return f.Fired, s.struck, true
		}
	}
	return 0, nil, false
}

// Hits are the faults that strike one call, and the signal of their end.
type Hits[F any] struct {
	List     []F
	Released <-chan struct{} // closed when the faults are cleared
}

// Find gives the first hit that is meant.
func (h Hits[F]) Find(meant func(F) bool) (F, bool) {
	for _, f := range h.List {
		if meant(f) {
			return f, true
		}
	}
	var none F
	return none, false
}

// Hold waits for a time (0 = for ever), but no longer than the faults stay armed and neither
// the caller nor the emulator ended; a nil channel never ends.
func (h Hits[F]) Hold(d time.Duration, caller, emulator <-chan struct{}) {
	var timer <-chan time.Time
	if d > 0 {
		t := time.NewTimer(d)
		defer t.Stop()
		timer = t.C
	}
	select {
	case <-timer:
	case <-h.Released:
	case <-caller:
	case <-emulator:
	}
}

// Strike counts a call against every armed fault that matches it and gives those that fire.
func (s *Set[F]) Strike(matches func(F) bool) Hits[F] {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := Hits[F]{Released: s.released}
	for _, f := range s.armed {
		if s.fires(f, matches) {
			out.List = append(out.List, f.Fault)
		}
	}
	return out
}

// First counts a call against the armed faults that match it, the oldest first, until one
// fires; later ones don't hear of it.
func (s *Set[F]) First(matches func(F) bool) (hit State[F], ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.armed {
		if s.fires(f, matches) {
			return *f, true
		}
	}
	return hit, false
}

// fires counts one call against one fault. Caller holds s.mu.
func (s *Set[F]) fires(f *State[F], matches func(F) bool) bool {
	if !matches(f.Fault) {
		return false
	}
	f.Seen++
	if f.Seen < f.Rule.Nth || f.Rule.Times >= 0 && f.Fired >= max(f.Rule.Times, 1) || !s.chance(f) {
		return false
	}
	f.Fired++
	close(s.struck)
	s.struck = make(chan struct{})
	return true
}

// chance decides the n-th match of a fault by the seed alone, whatever else happens.
func (s *Set[F]) chance(f *State[F]) bool {
	if f.Rule.Probability <= 0 || f.Rule.Probability >= 1 {
		return true
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%d/%s/%d", s.seed, f.Rule.ID, f.Seen))
	return float64(binary.BigEndian.Uint64(sum[:])>>11)/float64(1<<53) < f.Rule.Probability
}
