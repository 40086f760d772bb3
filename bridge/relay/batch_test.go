package relay

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

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

// releaseOfOne returns how the queue of a batch with one queue is given back.
func releaseOfOne(t *testing.T, b *batch) store.Release {
	t.Helper()
	releases := b.listReleases()
	if len(releases) != 1 {
		t.Fatalf("releases: got %+v, want one", releases)
	}
	return releases[0]
}

// An event that must wait isn't given up because a later event of its queue can never be applied.
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

// An event that can never be applied is given up at once, even if a later event of its queue has to wait.
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

// Events of several queues are applied in the order of their arrival. Events of one queue are applied in the queue's
// order, even if one was replayed and therefore is older than those before it.
func TestEventsAreAppliedInOrder(t *testing.T) {
	t.Parallel()
	run := func(ids ...store.EventID) (r store.Run) {
		for _, id := range ids {
			r.Events = append(r.Events, store.Event{ID: id})
		}
		return r
	}
	b := newBatch(store.Taken{Runs: []store.Run{run(1, 9, 4), run(2, 5, 10)}})
	var got []store.EventID
	for _, p := range b.inOrder() {
		got = append(got, p.Events[p.n].ID)
	}
	if want := []store.EventID{1, 2, 5, 9, 4, 10}; !slices.Equal(got, want) {
		t.Errorf("events in the order in which they are applied: got %v, want %v", got, want)
	}
}

// An event that waits is looked at again after longer and longer pauses, unless it waits for a name. An event behind it
// counts as waiting for the first time.
func TestPausesOfAnEventThatWaits(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		waits int // of the queue's first event
		wait  Wait
		want  store.Release
	}{
		{name: "for the first time", wait: Wait{EventID: 1, Most: time.Hour}, want: store.Release{After: firstWait, Waits: 1}},
		{name: "for the fourth time", waits: 3, wait: Wait{EventID: 1, Most: time.Hour}, want: store.Release{After: 8 * firstWait, Waits: 4}},
		{name: "often", waits: 99, wait: Wait{EventID: 1, Most: time.Hour}, want: store.Release{After: maxWait, Waits: 100}},
		{name: "for a second", waits: 3, wait: Wait{EventID: 1, Most: time.Second}, want: store.Release{After: time.Second, Waits: 4}},
		{name: "for a name", wait: Wait{EventID: 1, For: "x", Most: time.Hour}, want: store.Release{After: time.Hour, For: "x", Waits: 1}},
		{name: "behind another", waits: 3, wait: Wait{EventID: 2, Most: time.Hour}, want: store.Release{After: firstWait, Waits: 1}},
	}

	for _, tt := range tests {
		b := newBatchOfThree()
		b.runs[0].Waits = tt.waits
		b.putOffEvent(tt.wait)
		got := releaseOfOne(t, b)
		if got.After != tt.want.After || got.For != tt.want.For || got.Waits != tt.want.Waits {
			t.Errorf("%s: got %+v, want After, For and Waits as in %+v", tt.name, got, tt.want)
		}
	}
}

// If an error names an event that isn't in the batch, no event is left out. So the batch isn't tried again in vain.
func TestEventOfNoBatch(t *testing.T) {
	t.Parallel()
	b := newBatchOfThree()
	if b.putOffEvent(Wait{EventID: 9}) || b.leaveOutEventOf(&EventError{EventID: 9}) || b.leaveOutEventOf(&WaitError{Wait{EventID: 9}}) {
		t.Error("an event was left out that isn't in the batch")
	}
	if got := len(b.inOrder()); got != 3 {
		t.Errorf("events to apply: got %d, want all 3", got)
	}
}

// An event may be blamed if it fails or takes long, but not if the database is the cause, or answers nobody at the
// time.
func TestBlame(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		cause     error
		isStalled bool
		want      bool
	}{
		{name: "it fails", cause: errors.New("broken"), want: true},
		{name: "it fails while nobody is answered", cause: errors.New("broken"), isStalled: true, want: true},
		{name: "the disk is full", cause: &pgconn.PgError{Code: "53100"}, want: false},
		{name: "it is never applied", cause: errTookLong, want: true},
		{name: "it is never applied while nobody is answered", cause: errTookLong, isStalled: true, want: false},
		{name: "it takes long", cause: context.DeadlineExceeded, want: true},
		{name: "it takes long while nobody is answered", cause: context.DeadlineExceeded, isStalled: true, want: false},
	}

	for _, tt := range tests {
		r := &Relay{database: databaseWatch{began: time.Now().Add(-time.Minute)}}
		if !tt.isStalled {
			r.database.noteAnswer()
		}
		if got := r.mayBlameEvent(tt.cause); got != tt.want {
			t.Errorf("%s: mayBlameEvent = %t, want %t", tt.name, got, tt.want)
		}
	}
}
