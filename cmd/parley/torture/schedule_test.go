package torture

import (
	"slices"
	"testing"
)

// TestSchedule: the seed alone decides, and every blow falls into the flow.
func TestSchedule(t *testing.T) {
	t.Parallel()
	o := Plan(Quick(Options{Replicas: 3}))
	a, b := schedule(7, o), schedule(7, o)
	if !slices.Equal(a, b) || slices.Equal(a, schedule(8, o)) {
		t.Error("the schedule does not follow from the seed")
	}
	kills := 0
	for i, h := range a {
		if h.At < 0 || h.At >= o.Flow || i > 0 && h.At < a[i-1].At || h.N < 0 || h.N >= o.Replicas {
			t.Errorf("blow %d: %+v", i, h)
		}
		if h.Name == harmKill {
			kills++
		}
	}
	for _, h := range a {
		if h.Name == harmHeld && (h.At != 0 || h.For != o.Flow) {
			t.Errorf("the snapshot is not held for the whole run: %+v", h)
		}
	}
	if kills != o.Blows[harmKill] {
		t.Errorf("%d kills", kills)
	}
}
