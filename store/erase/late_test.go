package erase_test

import (
	"fmt"
	"slices"
	"testing"

	"parley/store"
	"parley/store/erase"
)

// newAnalysis returns a fact by Parley itself about a conversation, such as an analysis of it. It waits in a queue.
func newAnalysis(queue string, conversation int64, words string) store.NewEvent {
	return store.NewEvent{
		AccountID:  store.SystemAccount,
		ExternalID: fmt.Sprintf("%s of %d: %s", queue, conversation, words),
		OrderKey:   store.OrderKey(store.SystemAccount, queue),
		Payload:    fmt.Appendf(nil, `{"kind":"analysed","conversation":%d,"text":%q}`, conversation, words),
	}
}

// Events about the contact's conversations may come after somebody asked for the erasure, for example from an analysis that
// was under way or from colleagues. They are erased once they are applied. A new message of the same person belongs to a new
// contact, and stays.
// Requirement R-276: Erase and export a person.
func TestToldAfterItWasAskedFor(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), newWorld(t)
	o := newOptions(t, pool)
	id := beginErasure(t, o, zebra())
	own, shared, others := zebra().first+1, zebra().first+9, otter().first+1 // conversations

	byColleague := store.NewEvent{AccountID: slack, ExternalID: "late", OrderKey: "12/C1",
		Payload: []byte(`{"thread_ts":"170001000.000100","text":"Zebra called"}`)}
	ofOther := newAnalysis("analysis:1", others, "otter")
	ofNewContact := store.NewEvent{AccountID: mailAccount, ExternalID: "new", OrderKey: "10/mails",
		Payload: []byte("From: " + zebra().address() + " I am back")}
	late := []store.NewEvent{
		newAnalysis("analysis:1", own, "zebra"),
		newAnalysis(fmt.Sprint("written:", own), own, "zebra"),
		newAnalysis(fmt.Sprint("c", own), own, "zebra"),
		newAnalysis("analysis:1", shared, "zebra"),
		byColleague,
		ofOther,
		ofNewContact,
	}

	must(store.InsertEvents(ctx, pool, late))(t)
	mustWait(t, o, id, "what was told isn't applied")

	exec(t, pool, `DELETE FROM queues`) // all is applied
	runWithChats(t, o, id)

	var names, left []string
	for _, event := range late {
		names = append(names, event.ExternalID)
	}
	check(t, pool.QueryRow(ctx, `SELECT array_agg(external_id ORDER BY id) FROM events WHERE external_id = ANY($1)`, names).Scan(&left))
	if want := []string{ofOther.ExternalID, ofNewContact.ExternalID}; !slices.Equal(left, want) {
		t.Errorf("of what was told %q are left, want %q", left, want)
	}
}

// An event that is applied during the erasure may change rows that were erased already. They are erased once more.
// Requirement R-276: Erase and export a person.
func TestToldWhileItIsErased(t *testing.T) {
	t.Parallel()
	pool := newWorld(t)
	o := newOptions(t, pool)
	o.Ask = nil // no chat causes a second run
	isTold := false
	o.Say = func(place string, _ int64) error {
		if place != "conversations" || isTold {
			return nil
		}
		isTold = true
		must(store.InsertEvents(t.Context(), pool, []store.NewEvent{newAnalysis("analysis:1", zebra().first+1, "zebra")}))(t)
		exec(t, pool, `DELETE FROM queues`) // it is applied at once
		exec(t, pool, `UPDATE conversations SET traits = '{"references": "zebra"}' WHERE id = $1`, zebra().first+1)
		return nil
	}
	id := beginErasure(t, o, zebra())
	mustWait(t, o, id, "something was told meanwhile")
	must(erase.Run(t.Context(), o, id))(t)

	left := markedIn(t, pool, zebra().word)
	delete(left, "posts.message") // the place of a message in the chat, which stays without chats
	for place, n := range left {
		t.Errorf("%s holds something of the contact in %d rows, want none", place, n)
	}
}
