package emulator_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"parley/channels/channelstest"
	"parley/channels/emulator"
)

// fault names the call that it strikes, such as "send".
type fault string

// newFaultSet returns a set without faults.
func newFaultSet() *emulator.FaultSet[fault] {
	const seed = 1 // of the draws of faults with a probability
	return emulator.NewFaultSet[fault](seed)
}

// strike makes a call and returns how many faults strike it.
func strike(s *emulator.FaultSet[fault], call string) int {
	return len(s.Strike(func(f fault) bool { return string(f) == call }).List)
}

// anyFault selects all faults.
func anyFault(fault) bool { return true }

// noFault selects no fault.
func noFault(fault) bool { return false }

// isSend selects the faults of the call "send".
func isSend(f fault) bool { return f == "send" }

// A rule says which calls a fault strikes. It counts only the calls that the fault names.
func TestRules(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		rule emulator.FaultRule
		want []int // how many faults strike each of five calls
	}{
		{name: "the first one", rule: emulator.FaultRule{}, want: []int{1, 0, 0, 0, 0}},
		{name: "the third one", rule: emulator.FaultRule{Nth: 3}, want: []int{0, 0, 1, 0, 0}},
		{name: "two from the second one on", rule: emulator.FaultRule{Nth: 2, Times: 2}, want: []int{0, 1, 1, 0, 0}},
		{name: "all", rule: emulator.FaultRule{Times: emulator.Forever}, want: []int{1, 1, 1, 1, 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newFaultSet()
			s.Add("send", tt.rule)
			for i, want := range tt.want {
				if got := strike(s, "send"); got != want {
					t.Errorf("call %d: got %d strikes, want %d", i+1, got, want)
				}
				if got := strike(s, "read"); got != 0 {
					t.Errorf("another call after call %d: got %d strikes, want none", i+1, got)
				}
			}

			list := s.List()
			if len(list) != 1 {
				t.Fatalf("got %d faults, want 1: %+v", len(list), list)
			}
			if list[0].Seen != 5 {
				t.Errorf("calls that the fault means: got %d, want 5", list[0].Seen)
			}
			if got, want := list[0].Rule.ID, "fault-1"; got != want {
				t.Errorf("ID of the rule: got %q, want %q", got, want)
			}
		})
	}
}

// drawStrikes counts how many of 1000 calls are struck by a fault with a probability of a half.
func drawStrikes(seed int64) (n int) {
	s := emulator.NewFaultSet[fault](seed)
	s.Add("send", emulator.FaultRule{Times: emulator.Forever, Probability: 0.5})
	for range 1000 {
		n += strike(s, "send")
	}
	return n
}

func TestSameSeedDrawsTheSameStrikes(t *testing.T) {
	t.Parallel()
	if first, second := drawStrikes(7), drawStrikes(7); first != second {
		t.Errorf("the same seed drew %d and then %d strikes", first, second)
	}
}

func TestProbabilityOfAHalfStrikesHalf(t *testing.T) {
	t.Parallel()
	if got := drawStrikes(7); got < 400 || got > 600 {
		t.Errorf("of 1000 calls %d were struck, want 400 to 600", got)
	}
}

// WaitFault returns when a fault has struck a number of times. A held call goes on when the faults are cleared.
func TestHeldCallGoesOnWhenFaultsAreCleared(t *testing.T) {
	t.Parallel()
	s := newFaultSet()
	id := s.Add("send", emulator.FaultRule{Times: 2})
	wentOn := make(chan struct{})
	go func() {
		defer close(wentOn)
		s.Strike(anyFault)
		s.Strike(anyFault).Hold(0, nil, nil)
	}()

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := s.WaitFault(ctx, id, 2); err != nil {
		t.Fatal(err)
	}
	s.ClearFaults()
	channelstest.Receive(t, wentOn, "the held call goes on")
}

// Waiting for a fault that was cleared fails, even if the fault has struck often enough before.
func TestWaitForAClearedFaultFails(t *testing.T) {
	t.Parallel()
	s := newFaultSet()
	id := s.Add("send", emulator.FaultRule{Times: 2})
	strike(s, "send")
	s.ClearFaults()
	if err := s.WaitFault(t.Context(), id, 1); err == nil {
		t.Error("waiting succeeded, want an error")
	}
}

func TestWaitForAFaultEndsWithItsContext(t *testing.T) {
	t.Parallel()
	s := newFaultSet()
	id := s.Add("send", emulator.FaultRule{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.WaitFault(ctx, id, 2); !errors.Is(err, context.Canceled) {
		t.Errorf("got the error %v, want %v", err, context.Canceled)
	}
}

// A hold ends when its time is over, or when either of two channels is closed. Otherwise this test runs into its time
// limit.
func TestHoldEnds(t *testing.T) {
	t.Parallel()
	ended := make(chan struct{})
	close(ended)
	hits := emulator.FaultHits[fault]{}
	hits.Hold(time.Nanosecond, nil, nil)
	hits.Hold(0, ended, nil)
	hits.Hold(0, nil, ended)
}

// A fault keeps the ID that its rule gives.
func TestRuleWithAnID(t *testing.T) {
	t.Parallel()
	if got, want := newFaultSet().Add("send", emulator.FaultRule{ID: "mine"}), "mine"; got != want {
		t.Errorf("got the ID %q, want %q", got, want)
	}
}

// A removed fault strikes no more, and the others still do.
func TestRemovedFaultStrikesNoMore(t *testing.T) {
	t.Parallel()
	s := newFaultSet()
	removed := s.Add("read", emulator.FaultRule{})
	s.Add("send", emulator.FaultRule{})
	s.RemoveFault(removed)

	hits := s.Strike(anyFault)
	if len(hits.List) != 1 {
		t.Fatalf("got %d strikes, want 1: %+v", len(hits.List), hits.List)
	}
	if _, ok := hits.Find(isSend); !ok {
		t.Errorf("got %+v, want the strike of send", hits.List)
	}
	if hit, ok := hits.Find(noFault); ok {
		t.Errorf("found %+v by a condition that no fault meets", hit)
	}
}

// First takes the first fault that fires for a call. The faults behind it see only the calls that it lets through.
func TestFirst(t *testing.T) {
	t.Parallel()
	s := newFaultSet()
	s.Add("read", emulator.FaultRule{Times: emulator.Forever}) // fault-1 means other calls
	s.Add("send", emulator.FaultRule{Nth: 2})                  // fault-2 lets the first call through
	s.Add("send", emulator.FaultRule{Times: -7})               // fault-3 strikes for ever, as with any negative number
	for i, want := range []string{"fault-3", "fault-2", "fault-3"} {
		hit, ok := s.First(isSend)
		if !ok {
			t.Fatalf("call %d: no fault strikes, want %s", i+1, want)
		}
		if hit.Rule.ID != want {
			t.Errorf("call %d: %s strikes, want %s", i+1, hit.Rule.ID, want)
		}
	}
	if hit, ok := s.First(noFault); ok {
		t.Errorf("%+v strikes a call that no fault means", hit)
	}

	var seen []int
	for _, f := range s.List() {
		seen = append(seen, f.Seen)
	}
	if want := []int{0, 3, 2}; !slices.Equal(seen, want) {
		t.Errorf("calls that each fault has seen: got %v, want %v", seen, want)
	}
}
