package store_test

import (
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/storetest"
)

// typedEvents are two of the events that newTypedEvents queues. The tests ask whether a root, the first message of a
// thread, may be coming for the typed one.
type typedEvents struct {
	before store.EventID // of the same surface, before the typed one
	typed  store.EventID
}

// newTypedEvents queues four events. Three of them are of surface 1: one before the event of a typed text, the typed
// one, and one behind it.
func newTypedEvents(t *testing.T, pool *pgxpool.Pool) typedEvents {
	t.Helper()
	insert := func(account store.AccountID, name, key string) store.EventID {
		event := store.NewEvent{AccountID: account, ExternalID: name, OrderKey: key, Payload: []byte("{}")}
		return must(store.InsertEvents(t.Context(), pool, []store.NewEvent{event}))(t)[0].ID
	}
	var events typedEvents
	insert(2, "elsewhere", "d")
	events.before = insert(1, "before", "a")
	events.typed = insert(1, "typed", "b")
	insert(1, "behind", "c")
	return events
}

// newQueuedRoot makes a lane of surface 1, a queue of posts, in which a root waits that no dispatcher has begun to
// post. The events before the typed one are applied.
func newQueuedRoot(t *testing.T, pool *pgxpool.Pool) store.EventID {
	t.Helper()
	events := newTypedEvents(t, pool)
	exec(t, pool, `DELETE FROM queues WHERE first_event = $1`, events.before)
	exec(t, pool, `INSERT INTO gates (id, account_id, key) OVERRIDING SYSTEM VALUE VALUES (7, 1, 'post:c')`)
	exec(t, pool, `
		INSERT INTO lanes (id, account_id, key, gate_id, priority, tail, due_at)
		VALUES (7, 1, 'say', 7, $1, 1, now())`, store.PriorityRoot)
	exec(t, pool, `INSERT INTO deliveries (id, lane_id, seq, kind, created_at) VALUES (7, 7, 1, 'root', now())`)
	return events.typed
}

// beginQueued does what a dispatcher does when it claims the delivery of newQueuedRoot, and leaves it in this state.
func beginQueued(t *testing.T, pool *pgxpool.Pool, state string) {
	t.Helper()
	exec(t, pool, `UPDATE deliveries SET first_at = now(), state = $1`, state)
	exec(t, pool, `UPDATE lanes SET epoch = epoch + 1`)
}

func checkRootComing(t *testing.T, pool *pgxpool.Pool, typed store.EventID, want bool) {
	t.Helper()
	got := must(store.RootComing(t.Context(), pool, 1, "c", "m", typed))(t)
	if got != want {
		t.Errorf("a root may be coming: %t, want %t", got, want)
	}
}

// A root whose posting was begun may be in the chat before the result is known, even if the attempt was lost or put
// back.
func TestBegunRootMayCome(t *testing.T) {
	t.Parallel()
	for _, state := range []string{"sending", "unknown", "queued"} {
		t.Run(state, func(t *testing.T) {
			t.Parallel()
			pool := storetest.Reused(t)
			typed := newQueuedRoot(t, pool)
			beginQueued(t, pool, state)
			checkRootComing(t, pool, typed, true)
		})
	}
}

// A root that was posted elsewhere isn't coming. A root that is recorded under the message that was asked about is.
func TestPostedRoot(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	typed := newQueuedRoot(t, pool)
	beginQueued(t, pool, "accepted")
	exec(t, pool, `UPDATE lanes SET head = 1, due_at = NULL`)
	checkRootComing(t, pool, typed, false)

	exec(t, pool, `INSERT INTO posts (account_id, channel, message, kind) VALUES (1, 'c', 'm', 'root')`)
	checkRootComing(t, pool, typed, true)
}

// These are the accounts of the tests below, which look at the threads of the first chat.
const (
	threadChat      = store.AccountID(91)
	otherThreadChat = store.AccountID(92)
	threadMail      = store.AccountID(93) // its new threads open in the chat's channel "new"
)

// newOpenThreads makes conversations 1 to 4. Each has a thread in both chats, with the root r1 to r4 in the first
// one. Conversation 4 was begun first, and had its latest message first. The chat's channel "moved" has the id
// "current" now.
func newOpenThreads(t *testing.T) *pgxpool.Pool {
	t.Helper()
	pool := storetest.Reused(t)
	exec(t, pool, `
		INSERT INTO accounts (id, name, kind, side)
		VALUES ($1, 'slack', 'slack', 'surface'), ($2, 'teams', 'teams', 'surface'), ($3, 'mail', 'email', 'channel')`,
		threadChat, otherThreadChat, threadMail)

	exec(t, pool, `UPDATE accounts SET surface_id = $1, surface_channel = 'new' WHERE id = $2`, threadChat, threadMail)
	exec(t, pool, `INSERT INTO contacts (id, name) OVERRIDING SYSTEM VALUE VALUES (1, 'Kim')`)
	exec(t, pool, `
		INSERT INTO identities (id, account_id, key, contact_id) OVERRIDING SYSTEM VALUE
		VALUES (1, $1, 'kim@home.test', 1)`, threadMail)

	for i, c := range []struct{ status, channel string }{
		{status: "open", channel: "former"},
		{status: "snoozed", channel: "moved"},
		{status: "resolved", channel: "ended"},
		{status: "pending", channel: "former"},
	} {
		id := i + 1
		exec(t, pool, `
			INSERT INTO conversations (id, account_id, identity_id, status, last_at, created_at) OVERRIDING SYSTEM VALUE
			VALUES ($1::int, $2, 1, $3, now() - make_interval(mins => $1::int), now() - make_interval(days => 100 * $1::int))`,
			id, threadMail, c.status)
		exec(t, pool, `
			INSERT INTO threads (conversation_id, account_id, channel, root)
			VALUES ($1::bigint, $2, $3, 'r' || $1::bigint), ($1, $4, 'elsewhere', 'x')`, id, threadChat, c.channel, otherThreadChat)
	}

	exec(t, pool, `INSERT INTO channel_moves (account_id, former, current) VALUES ($1, 'moved', 'current')`, threadChat)
	return pool
}

// Missed events are looked for in the channels in which open conversations have their threads, even after their teams
// got other channels.
func TestThreadChannels(t *testing.T) {
	t.Parallel()
	got := must(store.ThreadChannels(t.Context(), newOpenThreads(t), threadChat))(t)
	slices.Sort(got)
	if want := []string{"current", "former", "new"}; !slices.Equal(got, want) {
		t.Errorf("the channels are %v, want %v", got, want)
	}
}

// Missed events are looked for in the threads of old open conversations one by one. Those with the latest messages
// come first.
func TestOpenThreads(t *testing.T) {
	t.Parallel()
	pool := newOpenThreads(t)
	type place struct{ channel, root string }
	tests := []struct {
		name  string
		days  int // so many days ago the conversations have begun at least
		limit int
		want  []place
	}{
		{name: "begun 150 days ago", days: 150, limit: 9, want: []place{{"current", "r2"}, {"former", "r4"}}},
		{name: "two of those begun 50 days ago", days: 50, limit: 2, want: []place{{"former", "r1"}, {"current", "r2"}}},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := time.Now().AddDate(0, 0, -tt.days)
			var got []place
			for _, thread := range must(store.OpenThreads(t.Context(), pool, threadChat, before, tt.limit))(t) {
				got = append(got, place{thread.Channel, thread.Root})
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("the threads are %v, want %v", got, tt.want)
			}
		})
	}
}
