package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/storetest"
)

// allBatches repeats a batch until there are no more.
func allBatches(t *testing.T, pool *pgxpool.Pool, keep time.Duration,
	batch func(context.Context, *pgxpool.Pool, time.Duration) (store.Emptied, error)) (all store.Emptied) {
	t.Helper()
	for more := true; more; {
		done := must(batch(t.Context(), pool, keep))(t)
		all.Looked, all.Events, all.Removed = all.Looked+done.Looked, all.Events+done.Events, all.Removed+done.Removed
		all.Deliveries, all.Lanes = all.Deliveries+done.Deliveries, all.Lanes+done.Lanes
		more = done.More
	}
	return all
}

// Old events are removed a round after their ids were recorded, except for the originals of messages. An event that was removed is still recognised when its source brings it again.
func TestEventsGo(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	event := func(account store.AccountID, name string) store.NewEvent {
		return store.NewEvent{AccountID: account, ExternalID: name, OrderKey: "k/" + name, Payload: []byte(name)}
	}
	const account = 7
	ids := stored(t, pool, event(account, "first"), event(account, "letter"), event(store.SystemAccount, "timer"), event(account, "waits"), event(account, "second"))
	letter(t, pool, ids[1], "Hello", false, "[]")
	waits(t, pool, ids[3])
	check(t, store.MoveClock(t.Context(), pool, month+time.Hour))
	// An event without a payload counts as emptied at once, but isn't removed while it is young.
	must(store.InsertEvents(t.Context(), pool, []store.NewEvent{{AccountID: account, ExternalID: "young", OrderKey: "k/young"}}))(t)
	exec(t, pool, `UPDATE events SET received_at = parley_now() WHERE external_id = 'young'`)
	tidy := func() (removed int) {
		t.Helper()
		allBatches(t, pool, month-time.Hour, store.KeepSeen)
		for _, batch := range []func(context.Context, *pgxpool.Pool, time.Duration) (store.Emptied, error){
			store.EmptyEvents, store.EmptyRetained, store.DropEmptied,
		} {
			removed += allBatches(t, pool, month, batch).Removed
		}
		return removed
	}
	left := func() string { return row(t, pool, `SELECT string_agg(external_id, ' ' ORDER BY id) FROM events`) }

	if n := tidy(); n != 3 || left() != `("letter waits young")` {
		t.Errorf("%d events went, %s are left", n, left())
	}
	applied(t, pool)
	if n := tidy(); n != 1 || left() != `("letter young")` {
		t.Errorf("of what was applied late %d went, %s are left", n, left())
	}

	again := []store.NewEvent{
		event(account, "first"), event(account, "letter"), event(account, "waits"), event(account, "second"),
		event(account, "third"), event(8, "first"),
	}
	if came := must(store.InsertEvents(t.Context(), pool, again))(t); len(came) != 2 {
		t.Errorf("%v are new, not the third and the other account's first", came)
	}
	seen := must(store.SeenEvents(t.Context(), pool, account, []string{"first", "letter", "third", "fourth"}))(t)
	if !seen["first"] || !seen["letter"] || !seen["third"] || seen["fourth"] || len(seen) != 3 {
		t.Errorf("seen are %v", seen)
	}
	if n := row(t, pool, `SELECT count(*) FROM seen`); n != "(4)" {
		t.Errorf("%s facts are remembered; nobody brings a timer again, want (4)", n)
	}
}

// The lanes of a conversation that ended long ago are removed with their deliveries, unless something is still under
// way. The records of roots and of typed messages stay, and so do the threads.
func TestLanesOfEndedConversationsGo(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	for _, sql := range []string{
		`INSERT INTO contacts (id, name) VALUES (1, 'x')`,
		`INSERT INTO identities (id, account_id, key, contact_id) VALUES (1, 1, 'k', 1)`,
		`INSERT INTO conversations (id, account_id, identity_id, status, last_at, created_at, resolved_at)
			SELECT n, 1, 1, CASE n WHEN 2 THEN 'open' ELSE 'resolved' END, now() - interval '90 days', now(),
				now() - CASE n WHEN 3 THEN interval '1 day' ELSE interval '90 days' END
			FROM generate_series(1, 6) AS n`,
		`INSERT INTO gates (id, account_id, key) OVERRIDING SYSTEM VALUE VALUES (1, 1, 'g')`,
		`INSERT INTO lanes (id, account_id, key, gate_id, conversation_id, head, tail, due_at, leased_until)
			SELECT n, 1, 'k' || n, 1, n, 2, CASE n WHEN 4 THEN 3 ELSE 2 END, CASE n WHEN 5 THEN now() END, CASE n WHEN 6 THEN now() END
			FROM generate_series(1, 6) AS n`,
		`INSERT INTO threads (account_id, conversation_id, channel, root) SELECT 1, n, 'c', 'root' || n FROM generate_series(1, 6) AS n`,
		`INSERT INTO deliveries (id, lane_id, seq, kind, state, created_at, external_id)
			SELECT n * 10 + m, n, m, CASE m WHEN 1 THEN 'root' ELSE 'said' END, 'accepted', now(),
			CASE m WHEN 1 THEN 'root' || n ELSE 'p' || n END
			FROM generate_series(1, 6) AS n, generate_series(1, 2) AS m`,
		`INSERT INTO posts (account_id, channel, message, conversation_id, kind)
			SELECT 1, 'c', x.message || n, n, x.kind FROM generate_series(1, 6) AS n, (VALUES ('root', 'root'), ('p', 'said'),
				('typed', 'human')) AS x(message, kind)`,
		`INSERT INTO posts (account_id, channel, message, conversation_id, kind) SELECT 1, 'told', 'kim:c:root' || n, n, 'told' FROM generate_series(0, 6) AS n`,
		`INSERT INTO suggestions (conversation_id, kind, value, shown_at) SELECT n, 'tag', 'bug', now() FROM generate_series(1, 6) AS n`,
		// It was handed over from channel b, where another conversation has a post of the same name as one in c.
		`INSERT INTO deliveries (id, lane_id, seq, kind, state, created_at, external_id) VALUES (1, 1, 0, 'said', 'accepted', now(), 'before')`,
		`INSERT INTO posts (account_id, channel, message, conversation_id, kind)
			VALUES (1, 'b', 'old root', 1, 'root'), (1, 'b', 'before', 1, 'said'), (1, 'b', 'p1', 7, 'said')`,
	} {
		exec(t, pool, sql)
	}

	done := allBatches(t, pool, 60*24*time.Hour, store.TidyConversations)
	if left := row(t, pool, `SELECT string_agg(id::text, ' ' ORDER BY id), (SELECT count(*) FROM deliveries)
		FROM lanes`); left != `("2 3 4 5 6",10)` || done.Lanes != 1 || done.Deliveries != 3 {
		t.Errorf("left are %s: %+v", left, done)
	}
	if left := row(t, pool, `SELECT string_agg(message, ' ' ORDER BY message) FROM posts
		WHERE conversation_id IN (1, 7)`); left != `("old root p1 root1 typed1")` {
		t.Errorf("posts left are %s, want %s", left, `("old root p1 root1 typed1")`)
	}
	if left := row(t, pool, `SELECT string_agg(conversation_id::text, ' ' ORDER BY conversation_id)
		FROM posts WHERE kind = 'told'`); left != `("0 2 3 4 5 6")` {
		t.Errorf("who was told something is remembered for %s, want %s", left, `("0 2 3 4 5 6")`)
	}
	if left := row(t, pool, `SELECT string_agg(conversation_id::text, ' ' ORDER BY conversation_id)
		FROM suggestions`); left != `("2 3 4 5 6")` {
		t.Errorf("suggestions are left for %s, want %s", left, `("2 3 4 5 6")`)
	}
	if left := row(t, pool, `SELECT count(*) FROM threads`); left != "(6)" {
		t.Errorf("%s threads are left, want (6)", left)
	}
	exec(t, pool, `UPDATE lanes SET due_at = NULL, leased_until = NULL, tail = head`)
	if done := allBatches(t, pool, 60*24*time.Hour, store.TidyConversations); done.Lanes != 3 {
		t.Errorf("a new round begins at the first lane again: %+v", done)
	}
}

// The lane of a reply stays while a person has yet to decide whether the reply arrived, however long ago the
// conversation ended. An undone reply needs no decision.
func TestLaneOfAnUndecidedReplyStays(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	endLongAgo(t, pool)
	for _, sql := range []string{
		`INSERT INTO messages (id, conversation_id, direction, fate, said_at, created_at)
			SELECT n, 1, 'out', CASE n WHEN 1 THEN 'unclear' ELSE 'undone' END, now(), now() FROM generate_series(1, 2) AS n`,
		`INSERT INTO lanes (id, account_id, key, gate_id, conversation_id, head, tail) SELECT n, 1, 'k' || n, 1, 1, 1, 1 FROM generate_series(1, 2) AS n`,
		`INSERT INTO deliveries (id, lane_id, seq, message_id, kind, state, created_at)
			SELECT n, n, 1, n, 'reply', 'needs_decision', now() FROM generate_series(1, 2) AS n`,
	} {
		exec(t, pool, sql)
	}

	allBatches(t, pool, 60*24*time.Hour, store.TidyConversations)

	if left := row(t, pool, `SELECT array_agg(id), (SELECT array_agg(id) FROM deliveries) FROM lanes`); left != "({1},{1})" {
		t.Errorf("lanes and deliveries that are left: %s, want ({1},{1})", left)
	}
}

// Old direct messages to colleagues are removed, since they name customers. Young and unsent ones stay.
func TestDirectMessagesGo(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	for _, sql := range []string{
		`INSERT INTO gates (id, account_id, key) OVERRIDING SYSTEM VALUE VALUES (1, 1, 'g')`,
		`INSERT INTO lanes (id, account_id, key, gate_id, conversation_id, head, tail, leased_until)
			VALUES (1, 1, 'ch:@kim', 1, 0, 150, 152, NULL), (2, 1, 'ch:c', 1, 0, 1, 1, NULL), (3, 1, 'c7:say', 1, 7, 1, 1, NULL),
				(4, 1, 'ch:@li', 1, 0, 1, 1, now())`,
		`INSERT INTO deliveries (id, lane_id, seq, kind, state, created_at)
			SELECT n, 1, n, 'line', CASE WHEN n > 150 THEN 'queued' ELSE 'accepted' END,
				now() - CASE n WHEN 150 THEN interval '1 h' ELSE interval '90 days' END
			FROM generate_series(1, 151) AS n`,
		`INSERT INTO deliveries (id, lane_id, seq, kind, state, created_at, external_id, payload)
			SELECT 200 + n, n, 1, 'line', 'accepted', now() - interval '90 days', 'list', '{"place": {"channel": "c"}}'
			FROM generate_series(2, 4) AS n`,
		`INSERT INTO posts (account_id, channel, message, kind) VALUES (1, 'c', 'list', 'line'), (1, 'c', 'typed', 'human'),
			(1, 'c', 'young list', 'line'), (1, 'd', 'list', 'line'), (2, 'c', 'list', 'line')`,
	} {
		exec(t, pool, sql)
	}
	done := allBatches(t, pool, 60*24*time.Hour, store.DropDirect)
	if left := row(t, pool, `SELECT string_agg(id::text, ' ' ORDER BY id), (SELECT count(*) FROM lanes)
		FROM deliveries`); left != `("150 151 203 204",4)` || done.Deliveries != 150 {
		t.Errorf("left are %s: %+v", left, done)
	}
	if left := row(t, pool, `SELECT string_agg(concat(account_id, channel, ' ', message), ', ' ORDER BY account_id, channel, message)
		FROM posts`); left != `("1c typed, 1c young list, 1d list, 2c list")` {
		t.Errorf("posts left are %s, want all but the list in channel c of account 1", left)
	}
}

// endLongAgo makes conversation 1, which was resolved long ago, and a gate for its lanes.
func endLongAgo(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	for _, sql := range []string{
		`INSERT INTO contacts (id, name) VALUES (1, 'x')`,
		`INSERT INTO identities (id, account_id, key, contact_id) VALUES (1, 1, 'k', 1)`,
		`INSERT INTO conversations (id, account_id, identity_id, status, last_at, created_at, resolved_at)
			VALUES (1, 1, 1, 'resolved', now(), now(), now() - interval '90 days')`,
		`INSERT INTO gates (id, account_id, key) OVERRIDING SYSTEM VALUE VALUES (1, 1, 'g')`,
	} {
		exec(t, pool, sql)
	}
}

// Tidying leaves a lane to which another transaction is adding a message, and doesn't wait for that transaction.
func TestTidyBesideANewMessage(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	endLongAgo(t, pool)
	for _, sql := range []string{
		`INSERT INTO lanes (id, account_id, key, gate_id, conversation_id, head, tail) VALUES (1, 1, 'k', 1, 1, 1, 1)`,
		`INSERT INTO deliveries (id, lane_id, seq, kind, state, created_at) VALUES (1, 1, 1, 'said', 'accepted', now())`,
	} {
		exec(t, pool, sql)
	}
	tx := storetest.Begin(t, pool)
	for _, sql := range []string{
		`UPDATE lanes SET tail = 2, due_at = now() WHERE id = 1`,
		`INSERT INTO deliveries (id, lane_id, seq, kind, state, created_at) VALUES (2, 1, 2, 'said', 'queued', now())`,
	} {
		must(tx.Exec(t.Context(), sql))(t)
	}
	kept := func(when string) {
		t.Helper()
		if done := allBatches(t, pool, 60*24*time.Hour, store.TidyConversations); done.Lanes != 0 || done.Deliveries != 0 {
			t.Errorf("%s: %+v", when, done)
		}
	}
	kept("before the commit")
	check(t, tx.Commit(t.Context()))
	kept("after it")
	if left := row(t, pool, `SELECT count(*), (SELECT count(*) FROM deliveries) FROM lanes`); left != "(1,2)" {
		t.Errorf("left are %s, want (1,2)", left)
	}
}

// A transaction reads the idle lanes of its conversations without locks. If one is tidied away meanwhile, the
// transaction fails and is run again without the lane, so that nothing is lost.
func TestTidyBetweenReadingAndWriting(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	endLongAgo(t, pool)
	for _, sql := range []string{
		`INSERT INTO lanes (id, account_id, key, gate_id, conversation_id, head, tail, due_at, leased_until) VALUES
			(1, 1, 'idle', 1, 1, 1, 1, NULL, NULL), (2, 1, 'waits', 1, 1, 0, 1, NULL, NULL), (3, 1, 'due', 1, 1, 1, 1, now(), NULL),
			(4, 1, 'leased', 1, 1, 1, 1, NULL, now()), (5, 1, 'agent', 1, 0, 1, 1, NULL, NULL)`,
	} {
		exec(t, pool, sql)
	}
	err := store.InTxWith(t.Context(), pool, func(tx pgx.Tx) (*store.Pipeline, error) {
		var read, write store.Pipeline
		var lanes []store.Lane
		must(store.LockConversations(t.Context(), tx, []store.ConversationID{1}, nil))(t)
		read.LockLanes(&lanes, []store.ConversationID{1}, []store.AccountID{1}, []string{"agent"})
		check(t, read.Run(t.Context(), tx))
		free := row(t, pool, `SELECT string_agg(key, ' ') FROM (SELECT key FROM lanes FOR UPDATE SKIP LOCKED) AS l`)
		if len(lanes) != 5 || free != "(idle)" {
			t.Errorf("of %d lanes these aren't locked: %s", len(lanes), free)
		}
		if done := allBatches(t, pool, 60*24*time.Hour, store.TidyConversations); done.Lanes != 1 {
			t.Errorf("tidied are %+v", done)
		}
		for i := range lanes {
			lanes[i].Tail++
		}
		return &write, store.UpdateLanes(t.Context(), &write, lanes)
	})
	if !store.IsLost(err) {
		t.Errorf("written though a lane is gone: %v", err)
	}
	if left := row(t, pool, `SELECT string_agg(tail::text, ' ' ORDER BY id) FROM lanes`); left != `("1 1 1 1")` {
		t.Errorf("the other lanes have changed: %s, want %s", left, `("1 1 1 1")`)
	}
}
