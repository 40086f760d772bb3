package erase_test

import (
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/erase"
	"parley/store/storetest"
)

// These tests are about posts on the contact that wait in the lanes of others, which an erasure doesn't stop, and which may stand
// still for good: their channel was archived, say.

// rootOfDay is the delivery that opens the thread of automatic mail in which zebra's out-of-office mail is posted (delivery 1003).
const rootOfDay = 1998

// stopThreadOfDay makes the thread of automatic mail one that was never opened: what is to be posted in it waits behind its root.
func stopThreadOfDay(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	exec(t, pool, `UPDATE lanes SET head = 0, tail = 2, due_at = now() WHERE id = 1009`)
	exec(t, pool, `UPDATE deliveries SET seq = 2, state = 'queued', external_id = '' WHERE id = 1003`)
	exec(t, pool, `INSERT INTO deliveries (id, lane_id, seq, kind, created_at) VALUES ($1, 1009, 1, 'root', now())`, rootOfDay)
}

// passSixDays lets the time pass in which an erasure waits for what is to be posted: all of it was longer ago.
func passSixDays(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	exec(t, pool, `UPDATE erasures SET asked_at = asked_at - interval '6 days 1 hour'`)
	exec(t, pool, `UPDATE events SET received_at = received_at - interval '6 days 1 hour'`)
	exec(t, pool, `UPDATE blobs SET created_at = created_at - interval '6 days 1 hour'`)
}

// While a lane of others stands still, the contact's files are removed all the same.
//
func TestFilesGoWhileAnotherLaneStandsStill(t *testing.T) {
	t.Parallel()
	pool := newWorld(t)
	stopThreadOfDay(t, pool)
	o := newOptions(t, pool)
	mustWait(t, o, beginErasure(t, o, zebra()), "a line isn't posted")

	if n := storetest.Row(t, pool, `SELECT count(*) FROM blobs WHERE hash = $1`, zebra().nameOf("file")); n != "(0)" {
		t.Errorf("%s of the contact's attachment are left, want (0)", n)
	}
}

// While a lane of others stands still, what was posted about the contact is taken out of chats all the same.
//
func TestPostsGoWhileAnotherLaneStandsStill(t *testing.T) {
	t.Parallel()
	pool := newWorld(t)
	stopThreadOfDay(t, pool)
	o := newOptions(t, pool)
	mustWait(t, o, beginErasure(t, o, zebra()), "a line isn't posted")

	const notAsked = `SELECT count(*) FROM erased_posts WHERE NOT asked AND kind NOT IN ('human', 'card')`
	if n := storetest.Row(t, pool, `SELECT count(*) > 0 FROM erased_posts WHERE asked`); n != "(t)" {
		t.Error("no post is asked to be removed, want all of them")
	}
	if n := storetest.Row(t, pool, notAsked); n != "(0)" {
		t.Errorf("%s posts aren't asked to be removed, want (0)", n)
	}
}

// After six days what stands still in a lane of others isn't posted any more, and the erasure ends.
//
func TestErasureEndsThoughAnotherLaneStandsStill(t *testing.T) {
	t.Parallel()
	pool := newWorld(t)
	stopThreadOfDay(t, pool)
	o := newOptions(t, pool)
	id := beginErasure(t, o, zebra())
	passSixDays(t, pool)

	runWithChats(t, o, id)

	checkForgotten(t, pool, zebra(), "after six days")
}

// What isn't about the contact stays in such a lane, and what is given up stays as an empty row: a lane has no gaps.
//
func TestLaneThatStandsStillKeepsWhatIsOthers(t *testing.T) {
	t.Parallel()
	pool := newWorld(t)
	stopThreadOfDay(t, pool)
	o := newOptions(t, pool)
	id := beginErasure(t, o, zebra())
	passSixDays(t, pool)
	runWithChats(t, o, id)

	const list = `
		SELECT string_agg(concat_ws(' ', seq, kind, state, message_id, payload), ', ' ORDER BY seq)
		FROM deliveries
		WHERE lane_id = 1009`
	if got, want := storetest.Row(t, pool, list), `("1 root queued 0 {}, 2 said cancelled 0 {}")`; got != want {
		t.Errorf("the lane holds %s, want %s", got, want)
	}
}

// A list for colleagues that was never posted is given up where it is the next in its lane, too: the lane goes on behind it, and
// what a dispatcher that is gone may still report of it counts for nothing.
//
func TestLaneGoesOnBehindAListThatIsGivenUp(t *testing.T) {
	t.Parallel()
	pool := newWorld(t)
	const next = 10 // zebra's list: delivery 1004
	exec(t, pool, `UPDATE lanes SET head = $1, epoch = 5, due_at = NULL, leased_until = now() - interval '1 hour' WHERE id = 1`, next-1)
	o := newOptions(t, pool)
	id := beginErasure(t, o, zebra())
	passSixDays(t, pool)
	runWithChats(t, o, id)

	if got := storetest.Row(t, pool, `SELECT state, payload FROM deliveries WHERE id = 1004`); got != "(cancelled,{})" {
		t.Errorf("the list is %s, want (cancelled,{})", got)
	}
	const lane = `SELECT head, epoch, due_at IS NOT NULL, leased_until IS NULL FROM lanes WHERE id = 1`
	if got, want := storetest.Row(t, pool, lane), "(9,6,t,t)"; got != want {
		t.Errorf("head, epoch, whether it is due and free: got %s, want %s", got, want)
	}
}

// A line in another customer's conversation that tells why a reply did not arrive is posted however late, but without the reason, in
// which the contact's address stands.
//
func TestLineThatStandsStillLosesItsReason(t *testing.T) {
	t.Parallel()
	pool := shop(t)
	exec(t, pool, `INSERT INTO log_entries (id, conversation_id, at, agent_id, actor, what, detail)
		VALUES (1, 1, now(), 1, 'agent', 'refused', '{"reason": "550 <ann@shop.example>: unknown"}')`)
	exec(t, pool, `INSERT INTO lanes (id, account_id, key, gate_id, conversation_id, head, tail, due_at)
		VALUES (2, $1, 'c1', 2, 1, 0, 1, now())`, slack)
	exec(t, pool, `INSERT INTO deliveries (id, lane_id, seq, kind, payload, created_at)
		VALUES (2, 2, 1, 'line', '{"line": {"Kind": "failed", "Text": "Dear Bob", "Reason": "550 <ann@shop.example>: unknown"}}', now())`)
	o := newOptions(t, pool)
	o.Ask = nil
	id := must(erase.Begin(t.Context(), o, []store.ContactID{2}, "ann"))(t)
	mustWait(t, o, id, "the line isn't posted")
	passSixDays(t, pool)

	must(erase.Run(t.Context(), o, id))(t)

	got := storetest.Row(t, pool, `SELECT state, payload #>> '{line,Text}', payload #>> '{line,Reason}' FROM deliveries WHERE id = 2`)
	if want := `(queued,"Dear Bob",)`; got != want {
		t.Errorf("state, text and reason of the line: got %s, want %s", got, want)
	}
}
