package emulator

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Forever as FaultRule.Times keeps a fault until it is removed. Any negative number does.
const Forever = -1

// FaultRule says which of the matching calls a fault strikes.
type FaultRule struct {
	ID          string  // set by FaultSet.Add if empty
	Nth         int     // first matching call to strike, counted from 1; 0 means 1
	Times       int     // how often it strikes; 0 means once; see Forever
	Probability float64 // in (0,1), for each strike; 0 means always
}

// FaultState is a fault with its rule and counters.
type FaultState[F any] struct {
	Fault F
	Rule  FaultRule
	Seen  int // matching calls
	Fired int // struck calls
}

// CheckWord returns an error that lists the known words if word is not one of them. Otherwise a fault with a
// misspelt word would never strike. what names the word's field, such as "kind".
func CheckWord[W ~string](what string, word W, known []W) error {
	if slices.Contains(known, word) {
		return nil
	}
	return fmt.Errorf("fault: unknown %s %q; known are %q", what, word, known)
}

// FaultSet holds the faults of an emulator. It decides when they strike; the type F describes what they do.
// For example, with the rule {Nth: 2} the first matching call passes, the second is struck, and all later
// ones pass.
//
// It is safe for concurrent use. Only the functions that decide whether a fault matches are called under its lock.
type FaultSet[F any] struct {
	seed int64

	mu       sync.Mutex
	armed    []*FaultState[F]
	next     int
	released chan struct{} // closed and replaced by ClearFaults
	struck   chan struct{} // closed and replaced when a fault strikes
}

// NewFaultSet returns an empty set. seed decides about faults with a probability.
func NewFaultSet[F any](seed int64) *FaultSet[F] {
	return &FaultSet[F]{seed: seed, released: make(chan struct{}), struck: make(chan struct{})}
}

// Add adds a fault and returns its id.
func (s *FaultSet[F]) Add(f F, r FaultRule) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next++
	if r.ID == "" {
		r.ID = fmt.Sprintf("fault-%d", s.next)
	}
	s.armed = append(s.armed, &FaultState[F]{Fault: f, Rule: r})
	return r.ID
}

// ClearFaults removes all faults and releases every call that one of them holds.
func (s *FaultSet[F]) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.armed = nil
	close(s.released)
	s.released = make(chan struct{})
}

// RemoveFault removes faults without releasing the calls that they hold.
func (s *FaultSet[F]) RemoveFault(ids ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.armed = slices.DeleteFunc(s.armed, func(f *FaultState[F]) bool { return slices.Contains(ids, f.Rule.ID) })
}

// List returns the faults in the order in which they were added, including used-up ones.
func (s *FaultSet[F]) List() []FaultState[F] {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]FaultState[F], 0, len(s.armed))
	for _, f := range s.armed {
		out = append(out, *f)
	}
	return out
}

// WaitFault waits until a fault has struck a number of times. A call that the fault delays may not have begun
// to wait by then.
// Errors: that there is no such fault (any more), or that ctx ended.
func (s *FaultSet[F]) WaitFault(ctx context.Context, id string, times int) error {
	for {
		n, struck, ok := s.countFired(id)
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

// countFired returns how often a fault has struck, and a channel that is closed at the next strike of any
// fault. ok is false if there is no such fault.
func (s *FaultSet[F]) countFired(id string) (n int, struck <-chan struct{}, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.armed {
		if f.Rule.ID == id {
			return f.Fired, s.struck, true
		}
	}
	return 0, nil, false
}

// FaultHits are the faults that strike one call.
type FaultHits[F any] struct {
	List     []F
	Released <-chan struct{} // closed when the faults are cleared
}

// Find returns the first fault that matches.
func (h FaultHits[F]) Find(matches func(F) bool) (F, bool) {
	for _, f := range h.List {
		if matches(f) {
			return f, true
		}
	}
	var none F
	return none, false
}

// Hold waits for a duration, or without limit if d is 0. It returns early when the faults are cleared, or
// when caller or emulator is closed; each may be nil.
func (h FaultHits[F]) Hold(d time.Duration, caller, emulator <-chan struct{}) {
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

// Strike counts a call for every matching fault and returns those that strike it.
func (s *FaultSet[F]) Strike(matches func(F) bool) FaultHits[F] {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := FaultHits[F]{Released: s.released}
	for _, f := range s.armed {
		if s.countCallLocked(f, matches) {
			out.List = append(out.List, f.Fault)
		}
	}
	return out
}

// First counts a call for the matching faults, oldest first, until one strikes it. Later faults don't count
// the call.
func (s *FaultSet[F]) First(matches func(F) bool) (hit FaultState[F], ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.armed {
		if s.countCallLocked(f, matches) {
			return *f, true
		}
	}
	return hit, false
}

// countCallLocked counts a call for one fault, if that matches, and reports whether the fault strikes the call.
func (s *FaultSet[F]) countCallLocked(f *FaultState[F], matches func(F) bool) bool {
	if !matches(f.Fault) {
		return false
	}

	f.Seen++
	isSpent := f.Rule.Times >= 0 && f.Fired >= max(f.Rule.Times, 1)
	if f.Seen < f.Rule.Nth || isSpent {
		return false
	}
	if !s.isDueByChance(f) {
		return false
	}

	f.Fired++
	close(s.struck)
	s.struck = make(chan struct{})
	return true
}

// isDueByChance reports whether a fault with a probability strikes. The result depends only on the seed, the
// fault's id and the number of the match, so that a run with the same seed can be repeated.
func (s *FaultSet[F]) isDueByChance(f *FaultState[F]) bool {
	if f.Rule.Probability <= 0 || f.Rule.Probability >= 1 {
		return true
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%d/%s/%d", s.seed, f.Rule.ID, f.Seen))
	const mantissa = 53 // bits of a float64
	roll := float64(binary.BigEndian.Uint64(sum[:])>>(64-mantissa)) / float64(1<<mantissa)
	return roll < f.Rule.Probability
}
