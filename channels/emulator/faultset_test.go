package emulator_test

import (
	"testing"

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
