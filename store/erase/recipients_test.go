package erase_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store/erase"
	"parley/store/storetest"
)

// shareAddress makes another contact with zebra's address in the chat's account (conversation 5000), and two conversations
// of otter with zebra in copy: in 5001 a reply that is also meant for her waits, and 5002 has 480 people in copy.
func shareAddress(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	exec(t, pool, `INSERT INTO contacts (id, name) VALUES (5000, 'Z')`)
	exec(t, pool, `INSERT INTO identities (id, account_id, key, name, contact_id) VALUES (5000, 11, $1, 'Z', 5000)`, zebra().address())
	exec(t, pool, `INSERT INTO conversations (id, account_id, identity_id, status, participants, last_at, created_at)
		VALUES (5000, 11, 5000, 'open', jsonb_build_array(jsonb_build_object('key', $1::text, 'role', 'to')), now(), now()),
			(5001, 11, 2001, 'open', jsonb_build_array(jsonb_build_object('key', $1::text, 'role', 'cc'),
				jsonb_build_object('key', 'boss', 'role', 'to')), now(), now())`, zebra().address())
	exec(t, pool, `INSERT INTO threads (conversation_id, account_id, channel, root) VALUES (5001, 12, 'C1', '5001.0')`)
	exec(t, pool, `INSERT INTO conversations (id, account_id, identity_id, status, participants, last_at, created_at)
		SELECT 5002, 11, 2001,
			'open', jsonb_agg(jsonb_build_object('key', CASE n WHEN 480 THEN $1 ELSE repeat('n', 50) || n || '@list.example' END,
			'role', 'cc') ORDER BY n), now(), now()
		FROM generate_series(1, 480) AS n`, zebra().address())
	exec(t, pool, `INSERT INTO lanes (id, account_id, key, conversation_id, gate_id, head, tail)
		VALUES (5001, 11, 'c5001:say', 5001, 1, 0, 2)`)
	exec(t, pool, `INSERT INTO deliveries (id, lane_id, seq, kind, payload, state, created_at)
		VALUES (5001, 5001, 1, 'reply', jsonb_build_object('meant', jsonb_build_array('boss', $1::text)), 'queued', now()),
			(5002, 5001, 2, 'reply', jsonb_build_object('before', jsonb_build_array('boss', $1::text)), 'queued', now())`, zebra().address())
}

// listRecipients returns the keys of the recipients of a conversation.
func listRecipients(t *testing.T, pool *pgxpool.Pool, conversation int64) (keys []string) {
	t.Helper()
	const list = `
		SELECT array_agg(participant->>'key')
		FROM conversations, jsonb_array_elements(participants) AS participant
		WHERE id = $1`
	check(t, pool.QueryRow(t.Context(), list, conversation).Scan(&keys))
	return keys
}

// In another account, the same address belongs to another contact, who keeps it as a recipient. It is removed from the
// recipients of other customers' conversations, however long their list is.
// Requirement R-276: Erase and export a person.
func TestSameAddressElsewhere(t *testing.T) {
	t.Parallel()
	pool := newWorld(t)
	shareAddress(t, pool)
	o := newOptions(t, pool)
	runWithChats(t, o, beginErasure(t, o, zebra()))

	if got, want := listRecipients(t, pool, 5000), []string{zebra().address()}; !slices.Equal(got, want) {
		t.Errorf("recipients of the other contact's conversation: %q, want %q", got, want)
	}
	if got, want := listRecipients(t, pool, 5001), []string{"boss"}; !slices.Equal(got, want) {
		t.Errorf("recipients of a conversation with zebra in copy: %q, want %q", got, want)
	}
	if got, want := storetest.Row(t, pool, `SELECT payload FROM deliveries WHERE id = 5002`), `("{""before"": [""boss""]}")`; got != want {
		t.Errorf("a reply that was sent before: %s, want %s", got, want)
	}
	if got := listRecipients(t, pool, 5002); len(got) != 479 {
		t.Errorf("%d recipients of 480 are left in the long list, want 479", len(got))
	}

	var cards []string
	check(t, pool.QueryRow(t.Context(), `SELECT array_agg(external_id) FROM events WHERE external_id LIKE 'erase:%:card:%'`).Scan(&cards))
	if len(cards) != 1 {
		t.Fatalf("%d cards are shown anew, want 1: %q", len(cards), cards)
	}
	if !strings.HasSuffix(cards[0], ":card:12:5001") { // account 12, conversation 5001: the one that has a thread
		t.Errorf("the card %q is shown anew, want that of conversation 5001 in account 12", cards[0])
	}
}

// A waiting reply fails if it is meant for somebody who is no longer in copy. So the erasure changes the recipients of the
// reply and of its conversation at once.
// Requirement R-276: Erase and export a person.
func TestReplyThatWaitsIsNotMeantForTheErased(t *testing.T) {
	t.Parallel()
	pool := newWorld(t)
	shareAddress(t, pool)
	o := newOptions(t, pool)
	var meant string
	o.Say = func(place string, _ int64) error {
		if place == "copied" { // zebra is no longer in copy
			meant = storetest.Row(t, pool, `SELECT payload #>> '{meant}' FROM deliveries WHERE id = 5001`)
		}
		return nil
	}

	certificate := runWithChats(t, o, beginErasure(t, o, zebra()))
	if want := `("[""boss""]")`; meant != want {
		t.Errorf("once zebra is in copy no more, the reply is meant for %s, want %s", meant, want)
	}

	i := slices.IndexFunc(certificate.Places, func(f erase.Found) bool { return f.Place == "meant" })
	if i < 0 {
		t.Fatalf("the certificate has no count of replies: %+v", certificate.Places)
	}
	if n := certificate.Places[i].Rows; n != 2 {
		t.Errorf("the certificate counts %d replies, want 2: the one that waits, and the one that was sent before", n)
	}
}
