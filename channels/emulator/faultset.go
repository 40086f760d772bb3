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

// Forever in FaultRule.Times keeps a fault until the faults are cleared, as does any negative number.
const Forever = -1

// FaultRule says which of the calls that match a fault it strikes.
type FaultRule struct {
	ID          string  // given by FaultSet.Add when empty
	Nth         int     // the first matching call that it strikes, counted from 1; 0 means 1
	Times       int     // how often it strikes; 0 means once; Forever
	Probability float64 // of each strike, in (0,1); 0 means that it always strikes
}

// FaultState is a fault with its rule.
type FaultState[F any] struct {
	Fault F
	Rule  FaultRule
	Seen  int // calls that matched it
	Fired int // calls that it struck
}

// CheckWord returns an error that lists the known words, if a fault says another one: a fault with a misspelt word would
// never strike. what is what the word stands for: "kind".
func CheckWord[W ~string](what string, word W, known []W) error {
	if slices.Contains(known, word) {
		return nil
	}
	return fmt.Errorf("fault: unknown %s %q; known are %q", what, word, known)
}

// FaultSet holds the armed faults of an emulator: kind F says what they do. Under its lock nothing is called but the question
// whether a fault matches.
type FaultSet[F any] struct {
	seed int64

	mu       sync.Mutex
	armed    []*FaultState[F]
	next     int
	released chan struct{} // closed and replaced by ClearFaults
	struck   chan struct{} // closed and replaced when one fires
}

// NewFaultSet makes an empty FaultSet. seed decides when probable faults strike.
func NewFaultSet[F any](seed int64) *FaultSet[F] {
	return &FaultSet[F]{seed: seed, released: make(chan struct{}), struck: make(chan struct{})}
}

// Add arms a fault and returns its id.
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

// ClearFaults disarms all faults and lets go of every call that one holds.
func (s *FaultSet[F]) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.armed = nil
	close(s.released)
	s.released = make(chan struct{})
}

// RemoveFault disarms some faults, without releasing the calls they already hold.
func (s *FaultSet[F]) RemoveFault(ids ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.armed = slices.DeleteFunc(s.armed, func(f *FaultState[F]) bool { return slices.Contains(ids, f.Rule.ID) })
}

// List returns the armed faults, spent ones too, in the order they were armed in.
func (s *FaultSet[F]) List() []FaultState[F] {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]FaultState[F], 0, len(s.armed))
	for _, f := range s.armed {
		out = append(out, *f)
	}
	return out
}

// WaitFault returns when a fault has fired so many times. A call that it delays may then not wait yet.
// Errors: there is no such fault (any more), or ctx ended.
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

// countFired returns how often a fault fired, and the signal of the next strike of any fault. ok is false if there is
// no such fault.
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

// FaultHits are the faults that strike one call, and the signal of their end.
type FaultHits[F any] struct {
	List     []F
	Released <-chan struct{} // closed when the faults are cleared
}

// Find returns the first hit that fits.
func (h FaultHits[F]) Find(fits func(F) bool) (F, bool) {
	for _, f := range h.List {
		if fits(f) {
			return f, true
		}
	}
	var none F
	return none, false
}

// Hold waits for a time (0 means for ever). It returns early when the faults are cleared, or when one of the channels is
// closed: that of the caller, or that of the emulator. A nil channel stays open.
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

// Strike counts a call against every armed fault that matches it and returns those that fire.
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

// First counts a call against the armed faults that match it, the oldest first, until one fires. Later ones don't count it.
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

// countCallLocked counts one call against one fault and reports whether the fault strikes it.
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

// isDueByChance reports whether a probable fault strikes. Only the seed, the fault's id and the number of the match
// decide that, so that a run with the same seed repeats it.
func (s *FaultSet[F]) isDueByChance(f *FaultState[F]) bool {
	if f.Rule.Probability <= 0 || f.Rule.Probability >= 1 {
		return true
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%d/%s/%d", s.seed, f.Rule.ID, f.Seen))
	const mantissa = 53 // bits of a float64
	roll := float64(binary.BigEndian.Uint64(sum[:])>>(64-mantissa)) / float64(1<<mantissa)
	return roll < f.Rule.Probability
}
