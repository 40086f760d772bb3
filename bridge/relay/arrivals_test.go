package relay

import (
	"slices"
	"testing"

	"parley/store"
)

// newArrival returns a fact with this order key, and with a payload of this many bytes.
func newArrival(key string, bytes int) *arrival {
	return &arrival{event: store.NewEvent{OrderKey: key, Payload: make([]byte, bytes)}}
}

// newArrivals returns facts with the same order key, and with payloads of this many bytes.
func newArrivals(number, bytes int) []*arrival {
	list := make([]*arrival, number)
	for i := range list {
		list[i] = newArrival("k", bytes)
	}
	return list
}

// Only a limited number of facts and bytes may wait to be stored. If nothing waits, any number is taken.
func TestAcceptQueueIsBounded(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name          string
		waiting, more []*arrival
		want          bool
	}{
		{name: "nothing waits", more: newArrivals(maxQueued+1, 1), want: true},
		{name: "the last fact", waiting: newArrivals(maxQueued-1, 1), more: newArrivals(1, 1), want: true},
		{name: "a fact too many", waiting: newArrivals(maxQueued-1, 1), more: newArrivals(2, 1), want: false},
		{name: "the last byte", waiting: newArrivals(1, maxQueuedBytes-1), more: newArrivals(1, 1), want: true},
		{name: "a byte too many", waiting: newArrivals(1, maxQueuedBytes-1), more: newArrivals(1, 2), want: false},
	}

	for _, tt := range tests {
		q := newAcceptQueue()
		if len(tt.waiting) > 0 && !q.add(tt.waiting) {
			t.Fatalf("%s: the facts that are to wait are refused", tt.name)
		}
		if got := q.add(tt.more); got != tt.want {
			t.Errorf("%s: add = %t, want %t", tt.name, got, tt.want)
		}
	}
}

// A batch takes at most maxStoreBatch facts. The facts that it takes make room for others.
func TestTakenFactsMakeRoom(t *testing.T) {
	t.Parallel()
	q := newAcceptQueue()
	large := newArrivals(1, maxQueuedBytes-maxStoreBatch)
	q.add(large)
	q.add(newArrivals(maxStoreBatch, 1))
	if got := len(q.takeBatch()); got != maxStoreBatch {
		t.Errorf("facts of a batch: got %d, want %d", got, maxStoreBatch)
	}
	if !q.add(large) {
		t.Error("a large fact was taken, and another one has no room")
	}
}

// If a fact could not be stored, all facts with its order key that wait are withdrawn, and no others. They make room.
func TestWithdrawnFactsMakeRoom(t *testing.T) {
	t.Parallel()
	const most = maxQueuedBytes - 1
	q := newAcceptQueue()
	large, other := newArrival("k", most), newArrival("other", 1)
	q.add([]*arrival{large, other})
	if got := q.withdrawFollowing(newArrival("k", 1)); !slices.Equal(got, []*arrival{large}) {
		t.Errorf("withdrawn facts: got %v, want the large one alone", got)
	}
	if !q.add(newArrivals(1, most)) {
		t.Error("a large fact was withdrawn, and another one has no room")
	}
	if got := q.takeBatch(); !slices.Contains(got, other) {
		t.Errorf("facts that are left: got %v, want the one of another order key among them", got)
	}
}

// The queue is crowded while more than crowdedCallers callers of Accept wait.
func TestCrowd(t *testing.T) {
	t.Parallel()
	q := newAcceptQueue()
	for range crowdedCallers {
		q.add(newArrivals(1, 1))
	}
	if q.isCrowded() {
		t.Errorf("%d callers pile up, want that they don't", crowdedCallers)
	}
	q.add(newArrivals(1, 1))
	if !q.isCrowded() {
		t.Errorf("%d callers don't pile up, want that they do", crowdedCallers+1)
	}
	q.callerDone()
	if q.isCrowded() {
		t.Error("callers pile up though one left, want that they don't")
	}
}

// A closed queue returns the facts that waited, and takes no more, because nobody would store them.
func TestClosedAcceptQueue(t *testing.T) {
	t.Parallel()
	q := newAcceptQueue()
	q.add(newArrivals(2, 1))
	if got := len(q.close()); got != 2 {
		t.Errorf("facts that waited: got %d, want 2", got)
	}
	if got := len(q.withdrawFollowing(newArrivals(1, 1)...)); got != 0 {
		t.Errorf("facts that are given out a second time: got %d, want none", got)
	}
	if q.add(newArrivals(1, 1)) {
		t.Error("a closed queue took a fact, want it refused")
	}
}
