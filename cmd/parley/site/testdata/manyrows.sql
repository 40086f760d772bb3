-- A company of a thousand agents with MANY conversations of a year: one in fifty is open. Everything has its messages, its
-- log and its figures. TestPagesReadFewRows puts a number in the place of MANY.

INSERT INTO agents (email, name, roles)
SELECT 'agent' || n || '@acme.test', 'Agent No. ' || n, '{agent}'
FROM generate_series(1, 1000) AS n;

UPDATE teams
SET members = members || (SELECT array_agg(id) FROM agents WHERE email LIKE 'agent%')
WHERE name = 'Support';

INSERT INTO tags (name, color, description)
SELECT 'Tag No. ' || n, '#112233', 'What it is about'
FROM generate_series(1, 1000) AS n;

INSERT INTO templates (account_id, name, language, provider_name, category, body, uses, status)
SELECT accounts.id, 'text ' || n, 'en', 'text_' || n, 'utility', 'Hello', '{reply}', 'approved'
FROM accounts, generate_series(1, 1000) AS n
WHERE accounts.name = 'support-mail';

-- Customers: each has written once. A thousand are blocked.

INSERT INTO contacts (id, name)
SELECT n, 'Customer ' || n
FROM generate_series(1, MANY) AS n;

INSERT INTO identities (id, account_id, key, name, contact_id, blocked)
SELECT n, accounts.id, 'c' || n || '@customer.test', 'Customer ' || n, n, n % (MANY / 1000) = 0
FROM accounts, generate_series(1, MANY) AS n
WHERE accounts.name = 'support-mail';

INSERT INTO conversations (
	id, account_id, identity_id, team_id,
	status,
	subject,
	assignees,
	tags,
	last_at,
	waiting_since,
	created_at,
	last_from, last_preview,
	resolved_at,
	snoozed_until)
SELECT
	n, accounts.id, n, teams.id,
	CASE WHEN n % 50 = 0 OR n = 99 THEN 'open' WHEN n % 501 = 0 THEN 'snoozed' ELSE 'resolved' END,
	'Order ' || n,
	CASE WHEN n % 3 = 0 THEN ARRAY[1 + n % 1000] ELSE '{}' END,
	ARRAY['Billing'],
	now() - (MANY - n) * (interval '365 days' / MANY),
	CASE WHEN n % 100 = 0 THEN now() END,
	now() - (MANY - n) * (interval '365 days' / MANY),
	'Customer ' || n, 'Where is my order?',
	CASE WHEN n % 50 > 0 THEN now() END,
	CASE WHEN n % 501 = 0 THEN now() + interval '1 day' END
FROM accounts, teams, generate_series(1, MANY) AS n
WHERE accounts.name = 'support-mail' AND teams.name = 'Support';

INSERT INTO conversation_words (conversation_id, words)
SELECT n, array_to_tsvector(ARRAY['order', 'customer', n::text])
FROM generate_series(1, MANY) AS n;

-- Each conversation has a message and an answer. Of 500 answers nobody knows whether they arrived.

INSERT INTO messages (id, conversation_id, direction, fate, identity_id, agent_id, text, said_at, created_at, event_id)
SELECT n * 2, n, 'in', 'in', n, 1 + n % 1000, 'Where is my order?', now(), now(), n * 2
FROM generate_series(1, MANY) AS n;

INSERT INTO messages (id, conversation_id, direction, fate, identity_id, agent_id, text, said_at, created_at, event_id)
SELECT
	n * 2 + 1, n, 'out', CASE WHEN n % (MANY / 500) = 0 THEN 'unclear' ELSE 'out' END,
	n, 1 + n % 1000, 'Where is my order?', now(), now(), n * 2 + 1
FROM generate_series(1, MANY) AS n;

INSERT INTO log_entries (id, conversation_id, at, agent_id, actor, what, detail)
SELECT
	n * 3 + i, n, now() - (MANY - n) * (interval '365 days' / MANY),
	1 + n % 1000, 'agent', (ARRAY['opened', 'assigned', 'resolved'])[i + 1], '{}'
FROM generate_series(1, MANY) AS n, generate_series(0, 2) AS i;

INSERT INTO threads (conversation_id, account_id, channel, root)
SELECT n, 1, 'C' || n % 10, 'r' || n
FROM generate_series(1, MANY) AS n;

-- A quarter of the events, with a lane and a delivery for each; a thousand are in quarantine.

INSERT INTO events (account_id, external_id, order_key, payload, size_bytes, received_at)
SELECT accounts.id, 'e' || n, 'k' || n % 1000, 'x', 1, now()
FROM accounts, generate_series(1, MANY / 4) AS n
WHERE accounts.name = 'support-mail';

INSERT INTO quarantine (event_id, reason)
SELECT id, 'It can''t be read'
FROM events ORDER BY id DESC LIMIT 1000;

INSERT INTO lanes (id, account_id, key, conversation_id, gate_id, due_at)
SELECT n, accounts.id, 'c' || n, n, 1, CASE WHEN n % 100 = 0 THEN now() + interval '1 day' END
FROM accounts, generate_series(1, MANY / 4) AS n
WHERE accounts.name = 'support-mail';

INSERT INTO deliveries (id, lane_id, seq, message_id, kind, state, created_at)
SELECT n, n, 1, n * 2 + 1, 'reply', CASE WHEN n % 100 = 0 THEN 'queued' ELSE 'sent' END, now()
FROM generate_series(1, MANY / 4) AS n;

INSERT INTO erasures (id, contacts, hashes, asked_by, asked_at, done_at)
SELECT gen_random_uuid(), '{}', '{}', 'ann@acme.test', now(), now()
FROM generate_series(1, 1000);

INSERT INTO setup_changes (author, lines, at)
SELECT 'ann@acme.test', ARRAY['~ something'], now() - n * interval '1 min'
FROM generate_series(1, 100000) AS n;

-- The figures of each conversation, and their sums by day.

INSERT INTO measure_shares (
	conversation_id, day, team_id, agent_id, account_id,
	opened, resolved, messages_in, messages_out,
	first_count, first_sum, first_sum_open, first_worst, first_worst_open,
	ended_sum, ended_sum_open, ended_worst, ended_worst_open)
SELECT
	id, created_at::date, team_id, 1 + id % 1000, account_id,
	1, 1, 1, 1,
	1, id % 9973, id % 997, id % 9973, id % 997,
	id % 99991, id % 9991, id % 99991, id % 9991
FROM conversations;

INSERT INTO measure_labels (conversation_id, tags, intent, mood)
SELECT id, tags, 'refund', ''
FROM conversations;

INSERT INTO measure_times (conversation_id, tags, intent, mood, times)
SELECT id, tags, 'refund', '', ARRAY['2026-03-02 101 2 7 first 60 60', '2026-03-02 101 2 7 ended 90 90']
FROM conversations;

INSERT INTO measure_days (
	kind, day, value, account_id, team_id,
	opened, reopened, resolved, abandoned, messages_in, messages_out,
	first_count, first_sum, first_sum_open, first_worst, first_worst_open,
	next_count, next_sum, next_sum_open, next_worst, next_worst_open,
	ended_sum, ended_sum_open, ended_worst, ended_worst_open)
SELECT
	label.kind, day, label.value, account_id, team_id,
	sum(opened), 0, sum(resolved), 0, sum(messages_in), sum(messages_out),
	sum(first_count), sum(first_sum), sum(first_sum_open), max(first_worst), max(first_worst_open),
	0, 0, 0, 0, 0,
	sum(ended_sum), sum(ended_sum_open), max(ended_worst), max(ended_worst_open)
FROM measure_shares,
	LATERAL (VALUES ('all', ''), ('agent', agent_id::text), ('tag', 'Billing'), ('intent', 'refund')) AS label (kind, value)
GROUP BY label.kind, day, label.value, account_id, team_id
ORDER BY label.kind, day; -- days are written one after the other
