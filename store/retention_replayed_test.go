package store_test

import (
	"testing"
	"time"

	"parley/store"
	"parley/store/storetest"
)

// An event that is replayed goes to the end of its queue, behind events that came later. While it waits there it
// keeps its payload, though it is older than a month and the next event of its queue is newer.
func TestReplayedBehindNewerIsKept(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	event := func(name string) store.NewEvent {
		return store.NewEvent{AccountID: 1, ExternalID: name, OrderKey: "1/box", Payload: []byte(name)}
	}
	ids := stored(t, pool, event("first bad"), event("second bad"))
	exec(t, pool, `INSERT INTO quarantine (event_id, reason) SELECT unnest($1::bigint[]), 'odd'`, ids)
	check(t, store.MoveClock(t.Context(), pool, month+time.Hour))
	must(store.InsertEvents(t.Context(), pool, []store.NewEvent{event("newer")}))(t) // and it waits

	replayed := func(id store.EventID) {
		t.Helper()
		if list := must(store.Replay(t.Context(), pool, []store.EventID{id}))(t); len(list) != 1 {
			t.Fatalf("replayed %v, want one alone", list)
		}
	}
	kept := func(when string) {
		t.Helper()
		if got, want := row(t, pool, `SELECT string_agg(convert_from(payload, 'UTF8'), ', ' ORDER BY id)
			FROM events`), `("first bad, second bad, newer")`; got != want {
			t.Errorf("%s: the payloads are %s, want %s", when, got, want)
		}
	}

	replayed(ids[0])
	emptyAll(t, pool) // it meets the first in its queue, the second in quarantine
	kept("replayed before the month's end was noticed")

	replayed(ids[1])
	emptyAll(t, pool)
	kept("replayed afterwards")

	applied(t, pool)
	if done := emptyAll(t, pool); done.Events != 3 {
		t.Errorf("applied: %+v", done)
	}
}
