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
		t.Errorf("a load of %v before any work", got)
	}
	for range 1000 {
		now = now.Add(10 * time.Millisecond)
		l.add(now, 10*time.Millisecond)
		l.add(now, 10*time.Millisecond)
	}
	if got := l.meanAtWork(now); math.Abs(got-2) > 0.05 {
		t.Errorf("a load of %v with two at work", got)
	}
	if got := l.meanAtWork(now.Add(loadMemory)); math.Abs(got-2/math.E) > 0.05 {
		t.Errorf("a load of %v a while later", got)
	}
	if got := l.meanAtWork(now.Add(10 * time.Second)); got > 0.05 {
		t.Errorf("a load of %v after a rest", got)
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
