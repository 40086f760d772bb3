package erase_test

import (
	"errors"
	"fmt"
	"testing"

	"parley/store"
	"parley/store/erase"
	"parley/store/storetest"
)

// told gives a fact of Parley's own that tells something of a conversation.
func told(queue string, conversation int64, words string) store.NewEvent {
	return store.NewEvent{AccountID: store.SystemAccount, ExternalID: fmt.Sprintf("%s of %d: %s", queue, conversation, words),
		OrderKey: store.OrderKey(store.SystemAccount, queue), Payload: fmt.Appendf(nil, `{"kind":"analysed","conversation":%d,"text":%q}`, conversation, words)}
}

// What is told of the contact's conversations after the erasure was asked for goes, too, when it is applied: by work that
// was under way, such as an analysis, and by colleagues. What the same person writes then is a new contact's.
//
func TestToldAfterItWasAskedFor(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), newWorld(t)
	o := newOptions(t, pool)
	id := must(erase.Begin(ctx, o, []store.ContactID{zebra().contact()}, "ann"))(t)
	own, shared := zebra().first+1, zebra().first+9
	late := []store.NewEvent{
		told("analysis:1", own, "zebra"), told(fmt.Sprint("written:", own), own, "zebra"), told(fmt.Sprint("c", own), own, "zebra"),
		told("analysis:1", shared, "zebra"), told("analysis:1", otter().first+1, "otter"),
		{AccountID: slack, ExternalID: "late", OrderKey: "12/C1", Payload: []byte(`{"thread_ts":"170001000.000100","text":"Zebra called"}`)},
		{AccountID: mailAccount, ExternalID: "new", OrderKey: "10/mails", Payload: []byte("From: " + zebra().address() + " I am back")},
	}
	must(store.InsertEvents(ctx, pool, late))(t)
	if _, err := erase.Run(ctx, o, id); !errors.Is(err, erase.ErrWaiting) {
		t.Fatalf("it didn't wait until what was told is applied: %v", err)
	}
	exec(t, pool, `DELETE FROM queues`) // it is
	runWithChats(t, o, id)
	const left = `SELECT coalesce(string_agg(external_id, ', ' ORDER BY id), '') FROM events WHERE external_id = ANY($1) OR external_id LIKE $2`
	if got, want := storetest.Row(t, pool, left, []string{"late", "new"}, "%: %"), "(\"analysis:1 of 2001: otter, new\")"; got != want {
		t.Errorf("left are %s, want %s", got, want)
	}
}

// What is told while the rest is erased may have changed what was erased before: it is looked at once more.
//
func TestToldWhileItIsErased(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), newWorld(t)
	o := newOptions(t, pool)
	o.Ask = nil // no chat gives it a second look
	once := true
	o.Say = func(place string, _ int64) error {
		if place == "conversations" && once {
			once = false
			must(store.InsertEvents(ctx, pool, []store.NewEvent{told("analysis:1", zebra().first+1, "zebra")}))(t)
			exec(t, pool, `DELETE FROM queues`) // it is applied at once
			exec(t, pool, `UPDATE conversations SET traits = '{"references": "zebra"}' WHERE id = $1`, zebra().first+1)
		}
		return nil
	}
	id := must(erase.Begin(ctx, o, []store.ContactID{zebra().contact()}, "ann"))(t)
	if _, err := erase.Run(ctx, o, id); !errors.Is(err, erase.ErrWaiting) {
		t.Errorf("it ended with %v", err)
	}
	must(erase.Run(ctx, o, id))(t)
	for place, n := range markedIn(t, pool, "zebra") {
		if place != "posts.message" { // where something stands in the chat
			t.Errorf("%s holds something of the contact in %d rows, want that in posts.message alone", place, n)
		}
	}
}
