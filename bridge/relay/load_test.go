package relay

import (
	"math"
	"testing"
	"time"
)

// Two appliers that work all the time are a load of two. The longer they rest, the less of it counts: after ten seconds nearly
// nothing.
func TestLoad(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	var l load
	if got := l.meanAtWork(now); got != 0 {
		t.Errorf("before any work: got a load of %v, want none", got)
	}

	const step, steps = 10 * time.Millisecond, 1000
	for range steps {
		now = now.Add(step)
		l.add(now, step) // one applier
		l.add(now, step) // the other one
	}
	tests := []struct {
		rest time.Duration
		want float64
	}{
		{rest: 0, want: 2},
		{rest: loadMemory, want: 2 / math.E},
		{rest: 10 * time.Second, want: 0},
	}
	const tolerance = 0.05
	for _, tt := range tests {
		if got := l.meanAtWork(now.Add(tt.rest)); math.Abs(got-tt.want) > tolerance {
			t.Errorf("after a rest of %s: got a load of %v, want about %v", tt.rest, got, tt.want)
		}
	}
}

func TestRelayWithoutWorkIsNotBusy(t *testing.T) {
	t.Parallel()
	r := &Relay{queue: newAcceptQueue()}
	if r.Busy() {
		t.Error("Busy() = true, want false")
	}
}

func TestDispatcherThatRestsHalfOfTheTimeIsNotBusy(t *testing.T) {
	t.Parallel()
	r := &Relay{queue: newAcceptQueue()}
	r.load.dispatcher.add(time.Now(), loadMemory/2)
	if r.Busy() {
		t.Error("Busy() = true, want false")
	}
}

// A relay is busy when its dispatcher has no rest, though appliers have little to do: claims and results compete for the same
// database.
func TestDispatcherWithoutRestIsBusy(t *testing.T) {
	t.Parallel()
	r := &Relay{queue: newAcceptQueue()}
	anHourHence := time.Now().Add(time.Hour) // so that a slow machine forgets nothing of it
	r.load.dispatcher.add(anHourHence, loadMemory)
	if !r.Busy() {
		t.Error("Busy() = false, want true")
	}
}
