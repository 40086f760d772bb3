package emulator_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"parley/channels/emulator"
)

// fault is the call that it strikes.
type fault string

func strikes(s *emulator.FaultSet[fault], call string) int {
	return len(s.Strike(func(f fault) bool { return string(f) == call }).List)
}

// Which calls a fault strikes.
func TestRules(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		rule emulator.FaultRule
		want []int // strikes of five calls
	}{
		{"once", emulator.FaultRule{}, []int{1, 0, 0, 0, 0}},
		{"the third", emulator.FaultRule{Nth: 3}, []int{0, 0, 1, 0, 0}},
		{"twice from the second on", emulator.FaultRule{Nth: 2, Times: 2}, []int{0, 1, 1, 0, 0}},
		{"for ever", emulator.FaultRule{Times: emulator.Forever}, []int{1, 1, 1, 1, 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := emulator.NewFaultSet[fault](1)
			s.Add("send", tt.rule)
			for i, want := range tt.want {
				if got := strikes(s, "send"); got != want {
					t.Errorf("call %d: %d strikes, want %d", i+1, got, want)
				}
				if got := strikes(s, "read"); got != 0 {
					t.Errorf("another call: %d strikes", got)
				}
			}
			if list := s.List(); len(list) != 1 || list[0].Seen != 5 || list[0].Rule.ID != "fault-1" {
				t.Errorf("the list is %+v", list)
			}
		})
	}
}

// The same seed draws the same strikes.
func TestChance(t *testing.T) {
	t.Parallel()
	draw := func(seed int64) (n int) {
		s := emulator.NewFaultSet[fault](seed)
		s.Add("send", emulator.FaultRule{Times: emulator.Forever, Probability: 0.5})
		for range 1000 {
			n += strikes(s, "send")
		}
		return n
	}
	first, second := draw(7), draw(7)
	if first != second {
		t.Errorf("the same seed drew %d and %d strikes", first, second)
	}
	if first < 400 || first > 600 {
		t.Errorf("a chance of a half drew %d strikes of 1000", first)
	}
}

// Who waits for a strike is told; a call that is held goes on when the faults are cleared.
func TestWaitAndHold(t *testing.T) {
	t.Parallel()
	s := emulator.NewFaultSet[fault](1)
	id := s.Add("send", emulator.FaultRule{Times: 2})
	held := make(chan struct{})
	go func() {
		defer close(held)
		s.Strike(func(fault) bool { return true })
		s.Strike(func(fault) bool { return true }).Hold(0, nil, nil)
	}()
	if err := s.WaitFault(t.Context(), id, 2); err != nil {
		t.Fatal(err)
	}
	s.ClearFaults()
	<-held
	if err := s.WaitFault(t.Context(), id, 1); err == nil {
		t.Error("a fault that is gone is waited for")
	}
}

// Each way out of a hold.
func TestHoldEnds(t *testing.T) {
	t.Parallel()
	ended := make(chan struct{})
	close(ended)
	h := emulator.FaultHits[fault]{}
	h.Hold(time.Nanosecond, nil, nil)
	h.Hold(0, ended, nil)
	h.Hold(0, nil, ended)
}

// A removed fault strikes no more; waiting ends with the caller's patience.
func TestRemove(t *testing.T) {
	t.Parallel()
	s := emulator.NewFaultSet[fault](1)
	gone, kept := s.Add("read", emulator.FaultRule{}), s.Add("send", emulator.FaultRule{ID: "mine"})
	s.RemoveFault(gone)
	h := s.Strike(func(fault) bool { return true })
	if _, ok := h.Find(func(f fault) bool { return f == "send" }); !ok || len(h.List) != 1 || kept != "mine" {
		t.Errorf("struck by %+v", h.List)
	}
	if _, ok := h.Find(func(fault) bool { return false }); ok {
		t.Error("found what nobody meant")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.WaitFault(ctx, kept, 2); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// The first fault that fires keeps a call from those behind it; what it lets through they see.
func TestFirst(t *testing.T) {
	t.Parallel()
	s := emulator.NewFaultSet[fault](1)
	s.Add("read", emulator.FaultRule{Times: emulator.Forever})
	s.Add("send", emulator.FaultRule{Nth: 2})
	s.Add("send", emulator.FaultRule{Times: -7})
	for i, want := range []string{"fault-3", "fault-2", "fault-3"} {
		if hit, ok := s.First(func(f fault) bool { return f == "send" }); !ok || hit.Rule.ID != want {
			t.Errorf("call %d: %+v, want %s", i+1, hit, want)
		}
	}
	if _, ok := s.First(func(fault) bool { return false }); ok {
		t.Error("struck by what nobody meant")
	}
	if list := s.List(); list[0].Seen != 0 || list[1].Seen != 3 || list[2].Seen != 2 {
		t.Errorf("the list is %+v", list)
	}
}
