package torture

import (
	"cmp"
	"slices"
	"testing"
)

// plannedOptions returns the options of a short run of three replicas.
func plannedOptions() Options { return Plan(Quick(Options{Replicas: 3})) }

// The injector knows how to inject each fault that is planned, in Slack and in Teams.
func TestPlannedFaultsCanBeInjected(t *testing.T) {
	t.Parallel()
	for _, o := range []Options{plannedOptions(), Plan(Quick(Options{Replicas: 3, Teams: true}))} {
		for kind := range o.Faults {
			if injections()[kind] == nil {
				t.Errorf("the injector can't inject %q", kind)
			}
		}
	}
}

// The same seed makes the same schedule.
func TestScheduleOfSameSeed(t *testing.T) {
	t.Parallel()
	first, second := schedule(7, plannedOptions()), schedule(7, plannedOptions())
	if !slices.Equal(first, second) {
		t.Errorf("got %+v, want %+v", second, first)
	}
}

// Another seed makes another schedule.
func TestScheduleOfAnotherSeed(t *testing.T) {
	t.Parallel()
	if slices.Equal(schedule(7, plannedOptions()), schedule(8, plannedOptions())) {
		t.Error("the seeds 7 and 8 make the same schedule")
	}
}

// A schedule lists faults by their times.
func TestScheduleIsSorted(t *testing.T) {
	t.Parallel()
	list := schedule(7, plannedOptions())
	if !slices.IsSortedFunc(list, func(a, b fault) int { return cmp.Compare(a.At, b.At) }) {
		t.Errorf("faults are not in order: %+v", list)
	}
}

// All faults are injected while people write, and into a replica that exists.
func TestScheduleIsWithinRun(t *testing.T) {
	t.Parallel()
	o := plannedOptions()
	for i, f := range schedule(7, o) {
		if f.At < 0 || f.At >= o.Flow {
			t.Errorf("fault %d comes at %s, want within %s: %+v", i, f.At, o.Flow, f)
		}
		if f.Replica < 0 || f.Replica >= o.Replicas {
			t.Errorf("fault %d is for replica %d of %d: %+v", i, f.Replica, o.Replicas, f)
		}
	}
}

// There are as many faults of a kind as were planned.
func TestScheduleHasPlannedFaults(t *testing.T) {
	t.Parallel()
	o := plannedOptions()
	kills := 0
	for _, f := range schedule(7, o) {
		if f.Kind == FaultKill {
			kills++
		}
	}
	if want := o.Faults[FaultKill]; kills != want {
		t.Errorf("got %d kills, want %d", kills, want)
	}
}

// A snapshot is held for the whole run.
func TestScheduleHoldsSnapshot(t *testing.T) {
	t.Parallel()
	o := plannedOptions()
	held := 0
	for _, f := range schedule(7, o) {
		if f.Kind != faultHoldSnapshot {
			continue
		}
		held++
		if f.At != 0 || f.Duration != o.Flow {
			t.Errorf("the snapshot is held from %s for %s, want from 0 for %s", f.At, f.Duration, o.Flow)
		}
	}
	if held != 1 {
		t.Errorf("%d snapshots are held, want 1", held)
	}
}
