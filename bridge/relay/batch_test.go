package relay

import (
	"errors"
	"testing"
	"time"

	"parley/store"
)

// batchOfThree returns a batch of one queue's three events.
func batchOfThree() *batch {
	return newBatch(store.Taken{Runs: []store.Run{{Events: []store.Event{{ID: 1}, {ID: 2}, {ID: 3}}, Places: []int64{1, 2, 3}}}})
}

// releaseOfOne returns how the queue of such a batch is given back.
func releaseOfOne(t *testing.T, b *batch) store.Release {
	t.Helper()
	list := b.listReleases()
	if len(list) != 1 {
		t.Fatalf("the queues are given back as %+v, want one", list)
	}
	return list[0]
}

// An event that must wait is not given up for one behind it that can never be applied.
func TestWaitBeforeRefused(t *testing.T) {
	t.Parallel()
	b := batchOfThree()
	if !b.refuseEvent(3, errors.New("nobody sent it")) {
		t.Fatal("the third event was not found")
	}
	if !b.putOffEvent(Wait{EventID: 1, Most: time.Minute}) {
		t.Fatal("the first event was not found")
	}
	if r := b.runs[0]; r.refused != nil {
		t.Errorf("the first event is given up: %v", r.refused)
	}
	if r := b.runs[0]; r.apply != 0 {
		t.Errorf("%d events are applied, want none", r.apply)
	}
	if r := releaseOfOne(t, b); r.After <= 0 {
		t.Errorf("the queue is given back as %+v, want it to wait", r)
	}
}

// An event that can never be applied is given up at once, whatever one behind it waits for.
func TestRefusedBeforeWait(t *testing.T) {
	t.Parallel()
	b := batchOfThree()
	if !b.putOffEvent(Wait{EventID: 3, Most: time.Minute}) {
		t.Fatal("the third event was not found")
	}
	if !b.refuseEvent(2, errors.New("nobody sent it")) {
		t.Fatal("the second event was not found")
	}
	if r := releaseOfOne(t, b); r.After != 0 || r.Waits != 0 {
		t.Errorf("the queue is given back as %+v, want it not to wait", r)
	}
}
