package relay

import (
	"errors"
	"testing"
	"time"

	"parley/store"
)

// threeEvents is a batch of one queue's three events.
func threeEvents() *batch {
	return newBatch(store.Taken{Runs: []store.Run{{Events: []store.Event{{ID: 1}, {ID: 2}, {ID: 3}}, Places: []int64{1, 2, 3}}}})
}

// An event that must wait is not given up for one behind it that can never be applied.
func TestWaitBeforeRefused(t *testing.T) {
	t.Parallel()
	b := threeEvents()
	if !b.refuseEvent(3, errors.New("nobody sent it")) || !b.putOffEvent(Wait{EventID: 1, Most: time.Minute}) {
		t.Fatal("an event was not found")
	}
	if r := b.runs[0]; r.refused != nil || r.apply != 0 {
		t.Errorf("the first event is given up: %v", r.refused)
	}
	if list := b.listReleases(); len(list) != 1 || list[0].After <= 0 {
		t.Errorf("its queue doesn't wait: %+v", list)
	}
}

// An event that can never be applied is given up at once, whatever one behind it waits for.
func TestRefusedBeforeWait(t *testing.T) {
	t.Parallel()
	b := threeEvents()
	if !b.putOffEvent(Wait{EventID: 3, Most: time.Minute}) || !b.refuseEvent(2, errors.New("nobody sent it")) {
		t.Fatal("an event was not found")
	}
	if list := b.listReleases(); len(list) != 1 || list[0].After != 0 || list[0].Waits != 0 {
		t.Errorf("its queue waits: %+v", list)
	}
}
