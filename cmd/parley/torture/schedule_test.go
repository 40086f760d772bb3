package torture

import (
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
