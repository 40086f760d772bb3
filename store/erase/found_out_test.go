package erase_test

import (
	"testing"

	"parley/store"
	"parley/store/erase"
	"parley/store/storetest"
)

// Whoever is erased may have written in another customer's conversation, in copy. What machines made of it goes
// there, too: records of models, examples, suggestions, texts that wait. What they made of others' words stays, and is no
// part of what the contact is handed.
func TestWhatMachinesMadeOfIt(t *testing.T) {
	t.Parallel()
	pool := world(t)
	z, o := zebra(), otter()
	exec(t, pool, `INSERT INTO messages (id, conversation_id, direction, fate, identity_id, account_id, text, event_id, said_at, created_at)
		VALUES (77001, $1, 'in', 'in', $2, 10, 'zebra in copy', $3, now(), now())`, o.first+1, z.first+1, z.first+1)
	exec(t, pool, `UPDATE ai_exchanges SET sealed = convert_to('otter and zebra', 'UTF8') WHERE conversation_id = $1`, o.first+1)
	exec(t, pool, `UPDATE suggested_replies SET replies = '["otter and zebra"]' WHERE conversation_id = $1`, o.first+1)
	exec(t, pool, `UPDATE solved SET asked = 'otter and zebra', words = to_tsvector('simple', 'otter and zebra') WHERE conversation_id = $1`, o.first+1)
	exec(t, pool, `UPDATE text_requests SET ask = '{"text": "otter and zebra"}' WHERE conversation_id = $1`, o.first+1)
	options := options(t, pool)
	id := must(erase.Begin(t.Context(), options, []store.ContactID{z.contact()}, "ann@acme.test"))(t)
	run(t, options, id)
	for place, n := range markedIn(t, pool, "zebra") {
		t.Errorf("%s holds something of the contact in %d rows", place, n)
	}
	if left := storetest.Row(t, pool, `SELECT conversation_id FROM suggestions WHERE conversation_id = $1`, o.first+1); left == "" {
		t.Error("what has none of the contact's words is gone")
	}
}
