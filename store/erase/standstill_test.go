package erase_test

import (
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/erase"
	"parley/store/storetest"
)

// These tests are about posts on the contact that wait in lanes of other conversations. An erasure doesn't stop these lanes,
// and they may stand still for ever, for example because their channel was archived.

// rootOfDay is the delivery that opens the thread of automatic mail. Zebra's out-of-office mail is posted in that thread
// (delivery 1003).
const rootOfDay = 1998

// stopThreadOfDay makes the thread of automatic mail one that was never opened, so that its posts wait behind its root.
func stopThreadOfDay(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	exec(t, pool, `UPDATE lanes SET head = 0, tail = 2, due_at = now() WHERE id = 1009`)
	exec(t, pool, `UPDATE deliveries SET seq = 2, state = 'queued', external_id = '' WHERE id = 1003`)
	exec(t, pool, `INSERT INTO deliveries (id, lane_id, seq, kind, created_at) VALUES ($1, 1009, 1, 'root', now())`, rootOfDay)
}

// passSixDays lets six days pass, after which an erasure no longer waits for posts. It makes all earlier events older.
func passSixDays(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	exec(t, pool, `UPDATE erasures SET asked_at = asked_at - interval '6 days 1 hour'`)
	exec(t, pool, `UPDATE events SET received_at = received_at - interval '6 days 1 hour'`)
	exec(t, pool, `UPDATE blobs SET created_at = created_at - interval '6 days 1 hour'`)
}

// While a lane of another conversation stands still, the contact's files are removed anyway.
// Requirement R-276: Erase and export a person.
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

// While a lane of another conversation stands still, the posts about the contact are removed from chats anyway.
// Requirement R-276: Erase and export a person.
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

// After six days, a post on the contact that stands still in a lane of another conversation is given up, and the erasure
// ends.
// Requirement R-276: Erase and export a person.
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

// Other posts stay in the lane. A post that is given up stays as an empty row, since a lane has no gaps.
// Requirement R-276: Erase and export a person.
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

// A list for colleagues that was never posted is given up even if it is next in its lane. The lane goes on behind it. Its
// epoch is raised, so that a late result of a former dispatcher is ignored.
// Requirement R-276: Erase and export a person.
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

// A line in another customer's conversation may tell why a reply wasn't delivered, and name the contact's address in this
// reason. The line is posted however late, but without the reason.
// Requirement R-276: Erase and export a person.
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
