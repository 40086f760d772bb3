package erase_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/blob"
)

// person is a customer of these tests. Each has a word that is in every field that can contain words of a customer, and a
// number from which the ids of its rows count.
type person struct {
	word  string
	first int64
}

func zebra() person { return person{"zebra", 1000} }

func otter() person { return person{"otter", 2000} }

func (p person) contact() store.ContactID { return store.ContactID(p.first + 1) }

func (p person) address() string { return p.word + "@shop.example" }

func (p person) number() string { return fmt.Sprintf("+4915112%d", p.first) }

const (
	mailAccount = 10
	chatAccount = 11
	slack       = 12
)

// office makes the accounts and colleagues that all customers share.
func office(t testing.TB, pool *pgxpool.Pool) {
	t.Helper()
	exec(t, pool, `INSERT INTO agents (email, name) VALUES ('ann@acme.test', 'Ann Lee')`)
	exec(t, pool, `INSERT INTO accounts (id, name, kind, side) VALUES (10, 'help', 'email', 'channel'), (11, 'wa', 'whatsapp', 'channel'),
			(12, 'slack', 'slack', 'surface')`)
	exec(t, pool, `INSERT INTO knowledge_places (place) VALUES ('/docs')`)
	exec(t, pool, `INSERT INTO gates (account_id, key) VALUES (10, 'send'), (12, 'post')`)
	// The lane for direct messages to a colleague belongs to no conversation.
	exec(t, pool, `INSERT INTO lanes (id, account_id, key, gate_id, head, tail) VALUES (1, 12, 'dm:U1', 2, 100, 100)`)
	// The tag of the customers' conversations.
	exec(t, pool, `INSERT INTO tags (name) VALUES ('VIP')`)
	exec(t, pool, `SELECT setval('events_id_seq', 10000)`) // the events of customers below have lower ids
}

// write stores a customer with everything that the database may hold of one: a conversation by mail, one by chat, and a
// message in an automatic thread.
func (p person) write(t testing.TB, pool *pgxpool.Pool) {
	t.Helper()
	args := pgx.NamedArgs{
		"n":      p.first,
		"w":      p.word,
		"key":    p.address(),
		"phone":  p.number(),
		"root":   fmt.Sprintf("17000%d.000100", p.first),
		"blob":   p.blob(t, pool, "original"),
		"file":   p.blob(t, pool, "file"),
		"upload": p.blob(t, pool, "upload"),
		"late":   p.blob(t, pool, "quarantined "+p.address()),
	}
	for _, sql := range strings.Split(rowsOfPerson, ";\n") {
		if strings.TrimSpace(sql) == "" {
			continue
		}
		if _, err := pool.Exec(t.Context(), sql, args); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
}

// blob stores a file that contains the person's word.
func (p person) blob(t testing.TB, pool *pgxpool.Pool, what string) string {
	t.Helper()
	name := must(blob.Put(t.Context(), pool, []byte(p.word+" "+what)))(t)
	if name != p.nameOf(what) {
		t.Fatal("a blob has another name")
	}
	return name
}

// nameOf returns the name of a file of blob.
func (p person) nameOf(what string) string {
	sum := sha256.Sum256([]byte(p.word + " " + what))
	return hex.EncodeToString(sum[:])
}

// rowsOfPerson inserts the rows of a customer. Conversations n+1 (mail) and n+2 (chat) are the customer's. Conversation n+9
// is an account's thread for the automatic mail of a day, with message n+19.
const rowsOfPerson = `
INSERT INTO contacts (id, name) VALUES (@n::bigint + 1, @w::text || ' name');
INSERT INTO identities (id, account_id, key, name, contact_id, bad_reason, opted_out, blocked)
	VALUES (@n::bigint + 1, 10, @key::text, @w::text || ' name', @n::bigint + 1, @w::text || ' bounced', '', false),
		(@n::bigint + 2, 11, @phone::text, @w::text || ' name', @n::bigint + 1, '', 'all', true);
INSERT INTO conversations (id, account_id, identity_id, status, subject, participants, via, refs, last_external_id,
		last_from, last_preview, traits, tags,
		close_reason, last_at, created_at, waiting_since)
	VALUES (@n::bigint + 1, 10, @n::bigint + 1, 'open', @w::text || ' subject',
		jsonb_build_array(jsonb_build_object('key', @w::text || '-boss@shop.example', 'name', @w::text || ' boss',
				'phone', @w::text || ' phone')),
			@w::text || '@acme.test', ARRAY[@w::text || '-ref'], @w::text || '-last', 'customer', @w::text || ' preview',
				jsonb_build_object('name', @w::text || ' trait'), '{VIP}', @w::text || ' left', now(), now(), now()),
		(@n::bigint + 2, 11, @n::bigint + 2, 'resolved', '', '[]', '', '{}', '', 'agent', @w::text || ' preview', '{}',
			'{}', '', now(), now(), NULL);
INSERT INTO conversations (id, account_id, kind, status, day, last_at, created_at)
	VALUES (@n::bigint + 9, 10, 'automatic', 'open', '2026-11-01'::date + @n::int, now(), now());
INSERT INTO threads (conversation_id, account_id, channel, root, card) VALUES (@n::bigint + 1, 12, 'C1', @root::text, @w::text || ' card'),
		(@n::bigint + 2, 12, 'C1', @root::text || '2', '');
INSERT INTO posts (account_id, channel, message, conversation_id, kind, early)
	VALUES (12, 'C1', @root::text, @n::bigint + 1, 'root', NULL),
		(12, 'C1', @root::text || '9', @n::bigint + 1, 'early', jsonb_build_object('text', @w::text || ' early')),
		(12, 'C1', @root::text || '8', 0, 'human', jsonb_build_object('text', @w::text || ' to ' || @key::text)),
		(12, 'C1', @w::text || ' told', @n::bigint + 1, 'told', NULL),
		(12, 'C1', @root::text || '1', @n::bigint + 1, 'said', NULL), (12, 'C1', @root::text || '4', @n::bigint + 1, 'files', NULL),
		(12, 'C1', @root::text || '5', @n::bigint + 1, 'human', NULL),
		(12, '', @root::text || '7', 0, 'line', NULL);
INSERT INTO events (id, account_id, external_id, order_key, payload, size_bytes) OVERRIDING SYSTEM VALUE
	VALUES (@n::bigint + 1, 10, @w::text || '-mail', '10/mails', convert_to('From: ' || @key::text || ' hello ' || @w::text, 'UTF8'), 1),
		(@n::bigint + 2, 11, @w::text || '-wamid', '11/' || @phone::text || @w::text,
			convert_to('{"from":"' || substr(@phone::text, 2) || '","text":"' || @w::text || '"}', 'UTF8'), 1),
		(@n::bigint + 3, 12, 'C1:' || @root::text || '5', '12/C1:' || @root::text,
			convert_to('{"thread_ts":"' || @root::text || '","text":"note: ' || @w::text || ' is nice"}', 'UTF8'), 1),
		(@n::bigint + 4, 1, 'landed:' || @w::text, '1/c' || (@n::bigint + 1),
			convert_to('{"kind":"landed","text":"' || @w::text || '"}', 'UTF8'), 1),
		(@n::bigint + 5, 1, 'analysed:' || @w::text, '1/analysis:3',
			convert_to('{"kind":"analysed","conversation":' || (@n::bigint + 1) || ',"text":"' || @w::text || '"}', 'UTF8'), 1),
		(@n::bigint + 6, 12, 'click:' || @n::bigint, '12/U1', convert_to('{"action":"open","list":"' || @w::text || ' name"}', 'UTF8'), 1),
		(@n::bigint + 7, 10, @w::text || '-broken', '10/mails', convert_to('From: ' || upper(@key::text) || ' broken ' || @w::text, 'UTF8'), 1);
INSERT INTO events (id, account_id, external_id, order_key, blob, size_bytes) OVERRIDING SYSTEM VALUE
	VALUES (@n::bigint + 8, 10, @w::text || '-large', '10/mails', @blob::text, 1),
		(@n::bigint + 9, 10, @w::text || '-large and broken', '10/mails', @late::text, 1);
INSERT INTO quarantine (event_id, reason) VALUES (@n::bigint + 7, 'no header in ' || @w::text),
		(@n::bigint + 9, 'too deep for ' || @w::text);
INSERT INTO messages (id, conversation_id, direction, fate, reason, agent_id, identity_id, author_user, account_id, channel,
		place, subject, text, quoted, notices,
		files, has_html, automatic, external_id, event_id, rich, reply_to, template, said_at, created_at)
	VALUES (@n::bigint + 11, @n::bigint + 1, 'in', 'in', @w::text || ' reason', NULL, @n::bigint + 1, @w::text || ' author', 10, '', '',
		@w::text || ' subject', @w::text || ' text', @w::text || ' quoted', ARRAY[@w::text || ' notice'],
			jsonb_build_array(jsonb_build_object('name', @w::text || '.pdf', 'blob', @file::text)), true, '', @w::text || '-id', @n::bigint + 1,
			jsonb_build_object('place', @w::text), @w::text || '-answered', NULL, now(), now()),
		(@n::bigint + 12, @n::bigint + 1, 'out', 'out', '', 1, NULL, 'U1', 12, 'C1', @root::text || '5', '', 'Dear ' || @w::text, '', '{}',
			jsonb_build_array(jsonb_build_object('name', @w::text || '.png', 'blob', @upload::text,
				'surface', jsonb_build_object('blob', @upload::text))), false,
				'', @w::text || '-sent', @n::bigint + 3,
			NULL, '', jsonb_build_object('values', @w::text), now(), now()),
		(@n::bigint + 13, @n::bigint + 1, 'note', 'inside', '', 1, NULL, 'U1', 12, 'C1', @root::text || '6', '', 'Between us: ' || @w::text,
			'', '{}', '[]', false, '', '', @n::bigint + 3, NULL, '', NULL, now(), now()),
		(@n::bigint + 14, @n::bigint + 2, 'in', 'in', '', NULL, @n::bigint + 2, '', 11, '', '', '', @w::text || ' by chat', '', '{}', '[]',
			false, '', @w::text || '-wamid', @n::bigint + 2, NULL, '', NULL, now(), now()),
		(@n::bigint + 19, @n::bigint + 9, 'in', 'in', '', NULL, @n::bigint + 1, '', 10, '', '', @w::text || ' is away', @w::text || ' is away',
			'', '{}', '[]', true, 'reply', @w::text || '-away', @n::bigint + 8, NULL, '', NULL, now(), now());
UPDATE messages SET revision = jsonb_build_object('text', @w::text || ' changed', 'notices', jsonb_build_array(@w::text || ' remark'))
	WHERE id = @n::bigint + 14;
INSERT INTO external_ids (account_id, external_id, conversation_id, message_id)
	VALUES (10, @w::text || '-id', @n::bigint + 1, @n::bigint + 11), (10, @w::text || '-away', @n::bigint + 9, @n::bigint + 19);
INSERT INTO log_entries (id, conversation_id, at, agent_id, actor, what, detail, event_id)
	VALUES (@n::bigint + 1, @n::bigint + 1, now(), 1, 'agent', 'renamed',
		jsonb_build_object('text', @w::text, 'reason', @w::text, 'note', @w::text, 'message', 7), @n::bigint + 6);
INSERT INTO lanes (id, account_id, key, conversation_id, gate_id, head, tail, due_at)
	VALUES (@n::bigint + 1, 10, 'c' || (@n::bigint + 1) || ':say', @n::bigint + 1, 1, 0, 1, now()),
		(@n::bigint + 2, 12, 'c' || (@n::bigint + 1) || ':say:' || @w::text, @n::bigint + 1, 2, 2, 2, NULL),
		(@n::bigint + 9, 12, 'c' || (@n::bigint + 9) || ':say', @n::bigint + 9, 2, 1, 1, NULL);
INSERT INTO deliveries (id, lane_id, seq, message_id, kind, payload, state, order_by, external_id, progress, error_class,
		error_text, join_key, created_at)
	VALUES (@n::bigint + 1, @n::bigint + 1, 1, @n::bigint + 12, 'reply', jsonb_build_object('meant', @w::text), 'queued', @w::text, @w::text,
		@w::text, @w::text, @w::text, @w::text, now()),
		(@n::bigint + 2, @n::bigint + 2, 1, @n::bigint + 11, 'said', jsonb_build_object('line', @w::text), 'sent',
			'', @root::text || '1', '', '', '', '', now()),
		(@n::bigint + 3, @n::bigint + 9, 1, @n::bigint + 19, 'said', jsonb_build_object('answers', @w::text), 'sent',
			'', '', '', '', '', '', now()),
		(@n::bigint + 4, 1, @n::bigint % 90, 0, 'line',
			jsonb_build_object('to', 'U1', 'line',
				jsonb_build_object('Rows', jsonb_build_array(jsonb_build_object('ID', @n::bigint + 1, 'Name', @w::text || ' name')))), 'sent', '',
					@root::text || '7', '', '', '', '', now());
INSERT INTO timers (conversation_id, kind, due_at) VALUES (@n::bigint + 1, 'snooze ' || @w::text, now());
INSERT INTO overdue (agent_id, conversation_id) VALUES (1, @n::bigint + 1);
INSERT INTO replying (conversation_id, agent_id, opened_at, until) VALUES (@n::bigint + 1, 1, now(), now());
INSERT INTO bursts (conversation_id, first_event, last_event, began_at, due_at) VALUES (@n::bigint + 1, 1, 1, now(), now());
INSERT INTO suggested_replies (conversation_id, event_id, replies) VALUES (@n::bigint + 1, 1, jsonb_build_array(@w::text));
INSERT INTO ai_exchanges (conversation_id, account_id, at, sealed) VALUES (@n::bigint + 1, 10, now(), convert_to(@w::text, 'UTF8'));
INSERT INTO suggestions (conversation_id, kind, value, shown_at, fate)
	VALUES (@n::bigint + 1, 'reply ' || @w::text, @w::text, now(), @w::text);
INSERT INTO text_requests (conversation_id, name, ask, asked_at, due_at)
	VALUES (@n::bigint + 1, @w::text, jsonb_build_object('text', @w::text), now(), now());
INSERT INTO fetches (id, account_id, conversation_id, message_id, n, ref, state, blob, reason, created_at)
	VALUES (@n::bigint + 1, 11, @n::bigint + 1, @n::bigint + 11, 0, @w::text, 'fetched', @file::text, @w::text, now());
INSERT INTO reactions (account_id, target, identity_id, emoji) VALUES (11, @w::text || '-wamid', @n::bigint + 2, @w::text);
INSERT INTO customer_records (id, name, salesman, assignees, visible_to, brands, fields)
	VALUES (@n::bigint, @w::text, @w::text, ARRAY[@w::text], ARRAY[@w::text], ARRAY[@w::text], jsonb_build_object(@w::text, @w::text));
INSERT INTO customer_addresses (address, record_id, name) VALUES (@key::text, @n::bigint, @w::text);
INSERT INTO customer_notes (record_id, agent_id, at, text) VALUES (@n::bigint, 1, now(), @w::text || ' note');
INSERT INTO customer_undo (import_id, address, was_name, record_id, was)
	VALUES (1, @key::text, @w::text, @n::bigint, jsonb_build_object('name', @w::text));
INSERT INTO auto_replies (message_id, account_id, identity_id, occasion, words, at)
	VALUES (@n::bigint + 12, 10, @n::bigint + 1, 'first ' || @w::text, 7, now());
INSERT INTO openings (account_id, origin, free_at) VALUES (10, @key::text, now());
INSERT INTO uploads (blob, used, created_at) VALUES (@upload::text, true, now() - interval '1 minute');
UPDATE accounts SET status_text = 'The server refused ' || @key::text, status_hint = 'Ask ' || @key::text
	WHERE id = 10 AND @w::text = 'zebra';
`
