package erase_test

import (
	"testing"

	"parley/store"
	"parley/store/storetest"
)

// The contact wrote, in copy, in another customer's conversation, which keeps a preview of its last words. The preview is
// erased if the contact wrote these words. They are the newest words of a person or, if only machines wrote, the first
// words. An agent's words stay.
// Requirement R-276: Erase and export a person.
func TestLastWordsInAnothersConversation(t *testing.T) {
	t.Parallel()
	const customer, contact = 1, 2 // who wrote it
	type said struct {
		by        int
		automatic string // the kind of machine that wrote it; empty for a person
	}
	tests := []struct {
		name       string
		said       []said
		lastFrom   string
		wantErased bool
	}{
		{name: "hers", said: []said{{customer, ""}, {contact, ""}}, lastFrom: "customer", wantErased: true},
		{name: "the customer's", said: []said{{contact, ""}, {customer, ""}}, lastFrom: "customer"},
		{name: "an agent's", said: []said{{customer, ""}, {contact, ""}}, lastFrom: "agent"},
		{name: "before her machine's", said: []said{{customer, ""}, {contact, "reply"}}, lastFrom: "customer"},
		{name: "after her machine's", said: []said{{contact, "reply"}, {customer, ""}, {contact, "reply"}}, lastFrom: "customer"},
		{name: "hers, before a machine's", said: []said{{contact, ""}, {customer, "reply"}}, lastFrom: "customer", wantErased: true},
		{name: "her machine's alone", said: []said{{contact, "reply"}}, lastFrom: "customer", wantErased: true},
		{name: "the first machine's, hers", said: []said{{contact, "reply"}, {customer, "reply"}}, lastFrom: "customer", wantErased: true},
		{name: "the first machine's, another's", said: []said{{customer, "reply"}, {contact, "reply"}}, lastFrom: "customer"},
		{name: "hers, to a list", said: []said{{customer, ""}, {contact, "list"}}, lastFrom: "customer", wantErased: true},
		{name: "the customer's, taken for spam", said: []said{{contact, ""}, {customer, "spam"}}, lastFrom: "customer"},
		{name: "hers, of which a part is broken", said: []said{{customer, ""}, {contact, "damaged"}, {customer, "bounce"}}, lastFrom: "customer", wantErased: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			pool := shop(t)
			for i, m := range tt.said {
				const firstID = 100 // processes take ids from blocks, so that a later message may have a lower one
				exec(t, pool, `
					INSERT INTO messages (id, conversation_id, direction, fate, identity_id, account_id, text, automatic, event_id, said_at, created_at)
					VALUES ($1, 1, 'in', 'in', $2, $3, 'Hello', $4, $5, now(), now())`, firstID-i, m.by, mailAccount, m.automatic, i+1)
			}
			exec(t, pool, `UPDATE conversations SET last_preview = 'remembered', last_from = $1 WHERE id = 1`, tt.lastFrom)
			eraseContact(t, pool, contact)

			want := "remembered"
			if tt.wantErased {
				want = ""
			}
			var got string
			check(t, pool.QueryRow(t.Context(), `SELECT last_preview FROM conversations WHERE id = 1`).Scan(&got))
			if got != want {
				t.Errorf("remembered is %q, want %q", got, want)
			}
		})
	}
}

// Agents typed the contact's address in other conversations, so that their logs and lines contain it. It is erased there. A
// longer address, a colleague's own words, and the same address where it belongs to another contact stay.
// Requirement R-276: Erase and export a person.
func TestAddressTypedElsewhere(t *testing.T) {
	t.Parallel()
	pool := shop(t)
	exec(t, pool, `INSERT INTO identities (id, account_id, key, name, contact_id) VALUES (50, $1, 'ann@shop.example', 'Ann', 4)`, chatAccount)
	exec(t, pool, `INSERT INTO conversations (id, account_id, identity_id, status, last_at, created_at)
		VALUES (50, $1, 50, 'open', now(), now())`, chatAccount)

	// The log of several conversations.
	for i, e := range []struct {
		conversation int
		what         store.Deed
		detail       string
	}{
		{1, store.DeedReaddressed, `{"text": "ann@shop.example"}`},
		{1, store.DeedReaddressed, `{"text": "bob@shop.example"}`},
		{3, store.DeedUnblocked, `{"text": "Ann@shop.example"}`},
		{5, store.DeedNotDelivered, `{"reason": "550 <ann@shop.example>: unknown"}`},
		{4, store.DeedReaddressed, `{"text": "joann@shop.example"}`},
		{4, store.DeedResolved, `{"text": "ann@shop.example will pay"}`},
		{50, store.DeedReaddressed, `{"text": "to ann@shop.example"}`},
	} {
		exec(t, pool, `INSERT INTO log_entries (id, conversation_id, at, agent_id, actor, what, detail)
			VALUES ($1, $2, now(), 1, 'agent', $3, $4)`, i+1, e.conversation, e.what, e.detail)
	}

	// Lines in their threads.
	for _, conversation := range []int{1, 3, 50} {
		exec(t, pool, `INSERT INTO lanes (id, account_id, key, gate_id, conversation_id, head, tail)
			VALUES ($1, $2, 'c' || $3::bigint, 2, $3::bigint, 1, 1)`, conversation+1, slack, conversation)
		exec(t, pool, `INSERT INTO deliveries (id, lane_id, seq, kind, payload, state, external_id, created_at)
			VALUES ($1, $1, 1, 'line', '{"line": {"Kind": "recipients", "To": "ann@shop.example"}}', 'sent', '', now())`, conversation+1)
	}
	exec(t, pool, `INSERT INTO deliveries (id, lane_id, seq, kind, payload, state, external_id, created_at)
		VALUES (60, 2, 0, 'line',
				'{"line": {"Kind": "failed", "Text": "Dear ann@shop.example", "Reason": "550 <ann@shop.example>: unknown", `+
		`"Hint": "!to ann@shop.example", "Verbs": ["sendagain"]}}', 'sent', '', now()),
			(61, 2, -1, 'line',
				'{"line": {"Kind": "unclear", "Text": "Dear ann@shop.example", "Reason": "The answer was lost."}}', 'sent', '', now()),
			(62, 2, -2, 'line',
				'{"line": {"Kind": "failed", "Text": "Dear Bob", "Reason": "Unknown.", "Recipient": "Ann@shop.example", "Copied": true}}',
				'sent', '', now()),
			(63, 2, -3, 'line', '{"line": {"Kind": "failed", "Text": "Dear both", "Missed": "ann@shop.example"}}', 'sent', '', now()),
			(64, 2, -4, 'line', '{"line": {"Kind": "bounce_other", "Text": "Dear both", "Recipient": "ann@shop.example"}}', 'sent', '', now())`)

	exec(t, pool, `INSERT INTO conversations (id, account_id, kind, status, last_at, created_at)
		VALUES (51, $1, 'automatic', 'open', now(), now())`, mailAccount)
	exec(t, pool, `INSERT INTO lanes (id, account_id, key, gate_id, conversation_id, head, tail) VALUES (53, $1, 'c51', 2, 51, 1, 1)`, slack)
	exec(t, pool, `INSERT INTO deliveries (id, lane_id, seq, kind, payload, state, external_id, created_at)
		VALUES (53, 53, 1, 'line',
			'{"line": {"Kind": "collected", "Copied": [{"Address": "ann@shop.example"}, {"Address": "bob@shop.example"}]}}', 'sent', '', now())`)

	eraseContact(t, pool, 2)
	got := storetest.Row(t, pool, `SELECT string_agg(coalesce(detail ->> 'text', detail ->> 'reason', '-'), ', ' ORDER BY id)
		FROM log_entries`)
	if want := `("-, bob@shop.example, -, -, joann@shop.example, ann@shop.example will pay, to ann@shop.example")`; got != want {
		t.Errorf("the log says %s, want %s", got, want)
	}
	if got := storetest.Row(t, pool, `SELECT string_agg(id::text, ' ' ORDER BY id) FROM deliveries`); got != `("51 53 60 61 62 63")` {
		t.Errorf("left are the lines %s, want %s", got, `("51 53 60 61 62 63")`)
	}
	failed := storetest.Row(t, pool, `
		SELECT string_agg(concat_ws(' ', l ->> 'Text', l ->> 'Reason', l ->> 'Hint', l ->> 'Recipient', l ->> 'Missed', l #>> '{Verbs,0}'),
			', ' ORDER BY id)
		FROM deliveries AS d, LATERAL (SELECT d.payload -> 'line' AS l) AS line WHERE id >= 60`)
	const said = `("Dear ann@shop.example sendagain, Dear ann@shop.example The answer was lost., Dear Bob Somebody, Dear both Somebody")`
	if failed != said {
		t.Errorf("of replies that did not arrive is said %s", failed)
	}
	if got := storetest.Row(t, pool, `SELECT payload #>> '{line,Copied}' FROM deliveries
		WHERE id = 53`); got != `("[{""Address"": ""bob@shop.example""}]")` {
		t.Errorf("in copy of the collected mail are %s", got)
	}
}
