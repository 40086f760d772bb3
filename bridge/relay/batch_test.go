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
