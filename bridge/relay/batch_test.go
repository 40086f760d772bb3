package relay

import (
	"errors"
	"testing"
	"time"

	"parley/store"
)

// newBatchOfThree returns a batch of one queue's events 1, 2 and 3.
func newBatchOfThree() *batch {
	run := store.Run{
		Events: []store.Event{{ID: 1}, {ID: 2}, {ID: 3}},
		Places: []int64{1, 2, 3},
	}
	return newBatch(store.Taken{Runs: []store.Run{run}})
}

func mustRefuseEvent(t *testing.T, b *batch, id store.EventID) {
	t.Helper()
	if !b.refuseEvent(id, errors.New("nobody sent it")) {
		t.Fatalf("refuseEvent(%d) = false, want true: the event is in the batch", id)
	}
}

func mustPutOffEvent(t *testing.T, b *batch, id store.EventID) {
	t.Helper()
	if !b.putOffEvent(Wait{EventID: id, Most: time.Minute}) {
		t.Fatalf("putOffEvent(%d) = false, want true: the event is in the batch", id)
	}
}

// releaseOfOne returns how the queue of a batch of one queue is given back.
func releaseOfOne(t *testing.T, b *batch) store.Release {
	t.Helper()
	releases := b.listReleases()
	if len(releases) != 1 {
		t.Fatalf("releases: got %+v, want one", releases)
	}
	return releases[0]
}

// An event that must wait is not given up because one behind it can never be applied.
func TestWaitBeforeRefused(t *testing.T) {
	t.Parallel()
	b := newBatchOfThree()
	mustRefuseEvent(t, b, 3)
	mustPutOffEvent(t, b, 1)
	if got := b.runs[0].refused; got != nil {
		t.Errorf("refusal of the queue's next event: got %v, want none", got)
	}
	if got := b.runs[0].apply; got != 0 {
		t.Errorf("events to apply: got %d, want none", got)
	}
	if got := releaseOfOne(t, b); got.After <= 0 {
		t.Errorf("release of the queue: got %+v, want it to be due later", got)
	}
}

// An event that can never be applied is given up at once, whatever one behind it waits for.
func TestRefusedBeforeWait(t *testing.T) {
	t.Parallel()
	b := newBatchOfThree()
	mustPutOffEvent(t, b, 3)
	mustRefuseEvent(t, b, 2)
	got := releaseOfOne(t, b)
	if got.After != 0 {
		t.Errorf("release of the queue: got it due after %v, want at once", got.After)
	}
	if got.Waits != 0 {
		t.Errorf("waits of the queue: got %d, want none", got.Waits)
	}
}
