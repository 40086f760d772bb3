package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"parley/store"
	"parley/store/plantest"
	"parley/store/storetest"
)

// TestRootComing: the record of a message may be to come while a root was begun, or something
// is not applied that the same surface told before.
func TestRootComing(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	var ids []store.EventID
	for _, e := range []store.NewEvent{
		{AccountID: 2, ExternalID: "elsewhere", OrderKey: "d", Payload: []byte("{}")},
		{AccountID: 1, ExternalID: "before", OrderKey: "a", Payload: []byte("{}")},
		{AccountID: 1, ExternalID: "the verb", OrderKey: "b", Payload: []byte("{}")},
		{AccountID: 1, ExternalID: "behind", OrderKey: "c", Payload: []byte("{}")},
	} {
		ids = append(ids, must(store.InsertEvents(t.Context(), pool, []store.NewEvent{e}))(t)[0].ID)
	}
	coming := func(when string, want bool) {
		t.Helper()
		if got, err := store.RootComing(t.Context(), pool, 1, "c", "m", ids[2]); err != nil || got != want {
			t.Errorf("%s: %v, %v", when, got, err)
		}
	}
	coming("something before it is queued", true)
	exec(t, pool, `DELETE FROM queues WHERE first_event = $1`, ids[1])
	coming("only itself and what came later is queued", false)
	exec(t, pool, `INSERT INTO gates (id, account_id, key) OVERRIDING SYSTEM VALUE VALUES (7, 1, 'post:c')`)
	exec(t, pool, `INSERT INTO lanes (id, account_id, key, gate_id, priority, tail, due_at) VALUES (7, 1, 'say', 7, $1, 1, now())`, store.PriorityRoot)
	exec(t, pool, `INSERT INTO deliveries (id, lane_id, seq, kind, created_at) VALUES (7, 7, 1, 'root', now())`)
	coming("a root is queued that nobody has begun", false)
	for _, state := range []string{"sending", "unknown", "queued"} {
		exec(t, pool, `UPDATE deliveries SET first_at = now(), state = $1`, state)
		exec(t, pool, `UPDATE lanes SET epoch = epoch + 1`) // it was claimed
		coming(fmt.Sprintf("a root was begun and is %s", state), true)
	}
	exec(t, pool, `UPDATE deliveries SET kind = 'said'`)
	coming("something else is begun", false)
	exec(t, pool, `UPDATE deliveries SET kind = 'root', state = 'accepted'`)
	exec(t, pool, `UPDATE lanes SET head = 1, due_at = NULL`)
	coming("the root is done", false)
	exec(t, pool, `INSERT INTO posts (account_id, channel, message, kind) VALUES (1, 'c', 'm', 'root')`)
	coming("it is recorded", true)
}

// However much waits for a surface, only conversations that have no thread yet are looked at.
func TestRootComingIsCheap(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	exec(t, pool, `INSERT INTO gates (id, account_id, key) OVERRIDING SYSTEM VALUE SELECT n, 1, 'post:' || n FROM generate_series(1, 20) AS n`)
	exec(t, pool, `INSERT INTO lanes (id, account_id, key, gate_id, priority, tail, due_at, epoch)
		SELECT n, 1, 'c' || n, 1 + n % 20, CASE WHEN n % 1000 = 0 THEN 0 ELSE 1 + n % 3 END, 1, now(), n % 2 FROM generate_series(1, 20000) AS n`)
	exec(t, pool, `INSERT INTO deliveries (id, lane_id, seq, kind, created_at, first_at)
		SELECT n, n, 1, CASE WHEN n % 1000 = 0 THEN 'root' ELSE 'said' END, now(), CASE WHEN n % 1000 <> 0 THEN now() END FROM generate_series(1, 20000) AS n`)
	exec(t, pool, `ANALYZE`)
	p := plantest.ExplainHot(t, pool, store.RootComingSQL, int64(1), "c", "m", int64(1))
	for table, limit := range map[string]float64{"lanes": 50, "deliveries": 50} {
		if rows, indexes := p.Touched(table); rows > limit {
			t.Errorf("%.0f rows of %s were read, want %.0f at most; indexes %s", rows, table, limit, indexes)
		}
	}
}

// Missed events are looked for where open conversations have their threads, also after their teams got other
// channels, and in the threads of old conversations one by one.
func TestOpenThreads(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	exec(t, pool, `INSERT INTO accounts (id, name, kind, side) VALUES (91, 'slack', 'slack', 'surface'), (92, 'teams', 'teams', 'surface'), (93, 'mail', 'email', 'channel')`)
	exec(t, pool, `UPDATE accounts SET surface_id = 91, surface_channel = 'new' WHERE id = 93`)
	exec(t, pool, `INSERT INTO contacts (id, name) OVERRIDING SYSTEM VALUE VALUES (1, 'Kim')`)
	exec(t, pool, `INSERT INTO identities (id, account_id, key, contact_id) OVERRIDING SYSTEM VALUE VALUES (1, 93, 'kim@home.test', 1)`)
	for n, row := range []struct{ status, channel string }{{"open", "former"}, {"snoozed", "moved"}, {"resolved", "ended"}, {"pending", "former"}} {
		exec(t, pool, `INSERT INTO conversations (id, account_id, identity_id, status, last_at, created_at) OVERRIDING SYSTEM VALUE
			VALUES ($1::int, 93, 1, $2, now() - make_interval(mins => $1::int), now() - make_interval(days => 100 * $1::int))`, n+1, row.status)
		exec(t, pool, `INSERT INTO threads (conversation_id, account_id, channel, root) VALUES ($1::bigint, 91, $2, 'r' || $1::bigint), ($1, 92, 'elsewhere', 'x')`, n+1, row.channel)
	}
	exec(t, pool, `INSERT INTO channel_moves (account_id, former, current) VALUES (91, 'moved', 'current')`)
	chans := must(store.ThreadChannels(t.Context(), pool, 91))(t)
	slices.Sort(chans)
	if want := []string{"current", "former", "new"}; !slices.Equal(chans, want) {
		t.Errorf("channels %v, want %v", chans, want)
	}
	found := func(days, limit int) (list []string) {
		for _, th := range must(store.OpenThreads(t.Context(), pool, 91, time.Now().Add(-time.Duration(days)*24*time.Hour), limit))(t) {
			list = append(list, th.Channel+"/"+th.Root)
		}
		return list
	}
	if got, want := found(150, 9), []string{"current/r2", "former/r4"}; !slices.Equal(got, want) {
		t.Errorf("threads of conversations from before 150 days: %v, want %v", got, want)
	}
	if got, want := found(50, 2), []string{"former/r1", "current/r2"}; !slices.Equal(got, want) {
		t.Errorf("the two threads in which something happened last: %v, want %v", got, want)
	}
}
