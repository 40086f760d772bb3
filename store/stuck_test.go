package store_test

import (
	"testing"

	"parley/store"
	"parley/store/storetest"
)

// A message whose delivery was erased can't be decided by anybody: it isn't listed, and hides none that can.
func TestListUndecidedNamesWhatCanBeDecided(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	for _, sql := range []string{
		`INSERT INTO accounts (id, name, kind, side) VALUES (100, 'mail', 'email', 'channel')`,
		`INSERT INTO conversations (id, account_id, status, last_at, created_at) SELECT n, 100, 'open', now(), now() FROM generate_series(1, 2) AS n`,
		`INSERT INTO messages (id, conversation_id, direction, fate, said_at, created_at)
			SELECT n, n, 'out', 'unclear', now(), now() FROM generate_series(1, 2) AS n`,
		`INSERT INTO gates (id, account_id, key) OVERRIDING SYSTEM VALUE VALUES (1, 100, 'box')`,
		`INSERT INTO lanes (id, account_id, key, gate_id, conversation_id, head, tail) VALUES (1, 100, 'k', 1, 2, 1, 1)`,
		`INSERT INTO deliveries (id, lane_id, seq, message_id, kind, state, created_at) VALUES (1, 1, 1, 2, 'reply', 'needs_decision', now())`,
	} {
		storetest.Exec(t, pool, sql)
	}

	const limit = 1
	list := storetest.Must(store.UndecidedDeliveries(t.Context(), pool, limit))(t)
	if len(list) != 1 || list[0].Message != 2 {
		t.Errorf("listed are %+v, want message 2", list)
	}
}
