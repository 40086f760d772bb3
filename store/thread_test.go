package store_test

import (
	"fmt"
	"testing"

	"parley/store"
	"parley/store/storetest"
)

// TestRootComing: the record of a message may be to come while a root was begun, or something
// is not applied that the same surface told before.
func TestRootComing(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	ids := stored(t, pool,
		store.NewEvent{AccountID: 2, ExternalID: "elsewhere", OrderKey: "d", Payload: []byte("{}")},
		store.NewEvent{AccountID: 1, ExternalID: "before", OrderKey: "a", Payload: []byte("{}")},
		store.NewEvent{AccountID: 1, ExternalID: "the verb", OrderKey: "b", Payload: []byte("{}")},
		store.NewEvent{AccountID: 1, ExternalID: "behind", OrderKey: "c", Payload: []byte("{}")})
	coming := func(when string, want bool) {
		t.Helper()
		if got, err := store.RootComing(t.Context(), pool, 1, "c", "m", ids[2]); err != nil || got != want {
			t.Errorf("%s: %v, %v", when, got, err)
		}
	}
	waits(t, pool, ids...)
	coming("something before it is queued", true)
	exec(t, pool, `DELETE FROM queues WHERE first_event = $1`, ids[1])
	coming("only itself and what came later is queued", false)
	exec(t, pool, `INSERT INTO gates (id, account_id, key) OVERRIDING SYSTEM VALUE VALUES (7, 1, 'post:c')`)
	exec(t, pool, `INSERT INTO lanes (id, account_id, key, gate_id, tail, due_at) VALUES (7, 1, 'say', 7, 1, now())`)
	exec(t, pool, `INSERT INTO deliveries (id, lane_id, seq, kind, created_at) VALUES (7, 7, 1, 'root', now())`)
	coming("a root is queued that nobody has begun", false)
	for _, state := range []string{"sending", "unknown", "queued"} {
		exec(t, pool, `UPDATE deliveries SET first_at = now(), state = $1`, state)
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
