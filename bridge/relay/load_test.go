package relay

import (
	"math"
	"testing"
	"time"
)

// Two appliers that work all the time are a load of two, and after a rest of ten seconds nearly nothing of it
// counts.
func TestLoad(t *testing.T) {
	t.Parallel()
	var l load
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	if got := l.meanAtWork(now); got != 0 {
		t.Errorf("a load of %v before any work, want none", got)
	}
	for range 1000 {
		now = now.Add(10 * time.Millisecond)
		l.add(now, 10*time.Millisecond)
		l.add(now, 10*time.Millisecond)
	}
	for _, c := range []struct {
		rest time.Duration
		want float64
	}{
		{rest: 0, want: 2}, // two at work
		{rest: loadMemory, want: 2 / math.E},
		{rest: 10 * time.Second, want: 0},
	} {
		if got := l.meanAtWork(now.Add(c.rest)); math.Abs(got-c.want) > 0.05 {
			t.Errorf("after a rest of %s the load is %v, want about %v", c.rest, got, c.want)
		}
	}
}

// There is much to do when the dispatcher has no rest, though appliers have little to do: claims and results compete
// for the same database.
func TestDispatcherWithoutRestIsBusy(t *testing.T) {
	t.Parallel()
	r := &Relay{queue: newAcceptQueue()}
	now := time.Now()
	if r.Busy() {
		t.Error("busy before any work")
	}
	r.load.dispatcher.add(now, loadMemory/2)
	if r.Busy() {
		t.Error("busy with a dispatcher that rests half of the time")
	}
	r.load.dispatcher.add(now.Add(time.Hour), loadMemory) // an hour hence, so that a slow machine forgets nothing of it
	if !r.Busy() {
		t.Error("not busy with a dispatcher that had no rest")
	}
}
