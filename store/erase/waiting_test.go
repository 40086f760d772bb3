package erase_test

import (
	"errors"
	"slices"
	"testing"

	"parley/store"
	"parley/store/erase"
	"parley/store/storetest"
)

// An event that isn't applied yet can't be erased. The erasure reports that it waits, and ends after the event was applied.
// Events of others stay.
func TestErasureWaitsUntilEventsAreApplied(t *testing.T) {
	t.Parallel()
	pool := newWorld(t)
	o := newOptions(t, pool)
	must(store.InsertEvents(t.Context(), pool, []store.NewEvent{
		{AccountID: chatAccount, ExternalID: "waits", OrderKey: "11/x", Payload: []byte(zebra().number()[1:])},
		{AccountID: slack, ExternalID: "waits, too", OrderKey: "12/y", Payload: []byte("somebody else")},
	}))(t)
	id := beginErasure(t, o, zebra())
	mustWait(t, o, id, "an event waits")

	exec(t, pool, `DELETE FROM queues`) // all is applied
	runWithChats(t, o, id)
	var left []string
	check(t, pool.QueryRow(t.Context(), `SELECT array_agg(external_id) FROM events WHERE external_id LIKE 'waits%'`).Scan(&left))
	if want := []string{"waits, too"}; !slices.Equal(left, want) {
		t.Errorf("of the events that waited %q are left, want %q", left, want)
	}
	if places := markedIn(t, pool, zebra().number()[1:]); len(places) > 0 {
		t.Errorf("the contact's number is left in %v", places)
	}
}

// The erasure waits for a post that is being sent, since only the result tells its place in the chat. A post that waits
// behind it is never sent.
func TestErasureWaitsForAPostUnderWay(t *testing.T) {
	t.Parallel()
	pool := newWorld(t)
	o := newOptions(t, pool)
	exec(t, pool, `UPDATE deliveries SET state = 'sending' WHERE id = 1002`)
	exec(t, pool, `UPDATE lanes SET head = 0, tail = 2, due_at = now(), leased_until = now() WHERE id = 1002`)
	exec(t, pool, `INSERT INTO deliveries (id, lane_id, seq, kind, created_at) VALUES (1999, 1002, 2, 'line', now())`)
	id := beginErasure(t, o, zebra())
	mustWait(t, o, id, "a post is under way")

	var deliveries []int64
	var tail int
	var isLeased bool
	const listSending = `SELECT array_agg(id ORDER BY id) FROM deliveries WHERE lane_id = 1002 AND state = 'sending'`
	check(t, pool.QueryRow(t.Context(), listSending).Scan(&deliveries))
	check(t, pool.QueryRow(t.Context(), `SELECT tail, leased_until IS NOT NULL FROM lanes WHERE id = 1002`).Scan(&tail, &isLeased))
	if want := []int64{1002}; !slices.Equal(deliveries, want) {
		t.Errorf("deliveries %v are under way, want %v", deliveries, want)
	}
	if n := storetest.Row(t, pool, `SELECT count(*) FROM deliveries WHERE lane_id = 1002`); n != "(1)" {
		t.Errorf("the lane has %s deliveries, want (1): what waited behind is gone", n)
	}
	if tail != 1 {
		t.Errorf("the lane ends at delivery %d, want 1", tail)
	}
	if !isLeased {
		t.Error("the lane isn't leased to its dispatcher any more")
	}

	exec(t, pool, `UPDATE deliveries SET state = 'accepted' WHERE id = 1002`)
	runWithChats(t, o, id)
}

// After a week an erasure no longer waits for a chat that has not taken away the posts.
func TestErasureWaitsAWeekForChats(t *testing.T) {
	t.Parallel()
	pool := newWorld(t)
	o := newOptions(t, pool)
	id := beginErasure(t, o, zebra())
	if _, err := erase.Run(t.Context(), o, id); !errors.Is(err, erase.ErrInChats) {
		t.Fatalf("the first run ended with %v, want it to wait for chats", err)
	}
	exec(t, pool, `DELETE FROM queues`) // the events that ask chats are applied

	exec(t, pool, `UPDATE erasures SET asked_at = asked_at - interval '8 days'`)
	if _, err := erase.Run(t.Context(), o, id); err != nil {
		t.Errorf("after eight days: the erasure ended with %v, want it done", err)
	}
}

// An erasure that waits only for chats is listed as forgotten, since a restore must repeat it.
// Requirement R-276: Erase and export a person.
func TestListedBeforeChatsEnd(t *testing.T) {
	t.Parallel()
	pool := newWorld(t)
	o := newOptions(t, pool)
	id := beginErasure(t, o, zebra())
	if early := must(erase.ListForgotten(t.Context(), pool))(t); len(early) > 0 {
		t.Errorf("erasures %v are listed before they have run, want none", early)
	}

	if _, err := erase.Run(t.Context(), o, id); !errors.Is(err, erase.ErrInChats) {
		t.Fatalf("the erasure ended with %v, want it to wait for chats", err)
	}
	if list, want := must(erase.ListForgotten(t.Context(), pool))(t), []string{id}; !slices.Equal(list, want) {
		t.Errorf("erasures %v are listed, want %v", list, want)
	}

	record := must(erase.RecordOf(t.Context(), pool, id))(t)
	if len(record.Facts) == 0 {
		t.Error("the record has no facts")
	}
	if len(record.Identities) != 2 {
		t.Errorf("the record has %d identities, want 2", len(record.Identities))
	}
}
