package torture

import (
	"cmp"
	"slices"
	"testing"
)

func planned() Options { return Plan(Quick(Options{Replicas: 3})) }

// The same seed gives the same blows, another seed others.
func TestScheduleFollowsSeed(t *testing.T) {
	t.Parallel()
	list := schedule(7, planned())
	if again := schedule(7, planned()); !slices.Equal(again, list) {
		t.Errorf("the same seed: got %+v, want %+v", again, list)
	}
	if slices.Equal(schedule(8, planned()), list) {
		t.Error("another seed gives the same schedule, want another one")
	}
}

// Blows are listed in their order, and all fall while people write, on a replica that there is.
func TestSchedule(t *testing.T) {
	t.Parallel()
	o := planned()
	list := schedule(7, o)
	if !slices.IsSortedFunc(list, func(a, b fault) int { return cmp.Compare(a.At, b.At) }) {
		t.Errorf("blows are not in order: %+v", list)
	}
	kills := 0
	for i, h := range list {
		if h.At < 0 || h.At >= o.Flow {
			t.Errorf("blow %d falls at %s, want within %s: %+v", i, h.At, o.Flow, h)
		}
		if h.Replica < 0 || h.Replica >= o.Replicas {
			t.Errorf("blow %d falls on replica %d of %d: %+v", i, h.Replica, o.Replicas, h)
		}
		switch h.Kind {
		case faultKill:
			kills++
		case faultHoldSnapshot:
			if h.At != 0 || h.Duration != o.Flow {
				t.Errorf("the snapshot is held from %s for %s, want for the whole run of %s", h.At, h.Duration, o.Flow)
			}
		}
	}
	if want := o.Faults[faultKill]; kills != want {
		t.Errorf("got %d kills, want %d", kills, want)
	}
}
