package schema_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
)

// fillAtTen gives each table of schema 10 that grows with what is said ROWS rows: as many conversations, each with a
// customer, a message that was applied, a thread with its root, and a lane whose only delivery was made. None is
// resolved, so that whoever looks for resolved ones by reading reads all of them. The ids of everything are 1 to ROWS.
func fillAtTen() []string {
	return []string{
		`INSERT INTO events (account_id, external_id, order_key, payload, size_bytes)
			SELECT 7, '7/filled' || n, '7/filled' || n, convert_to(n::text, 'UTF8'), 1 FROM generate_series(1, ROWS) AS n`,
		`INSERT INTO contacts (id, name) SELECT n, 'Customer ' || n FROM generate_series(1, ROWS) AS n`,
		`INSERT INTO identities (id, account_id, key, name, contact_id)
			SELECT n, 7, 'c' || n || '@shop.example', 'Customer ' || n, n FROM generate_series(1, ROWS) AS n`,
		`INSERT INTO conversations (id, account_id, identity_id, status, subject, waiting_since, last_at, last_from, created_at)
			SELECT n, 7, n, 'open', 'Order ' || n, t, t, 'customer', t
			FROM generate_series(1, ROWS) AS n, LATERAL (SELECT timestamptz '2026-01-01' + n * interval '1 s' AS t) AS at`,
		`INSERT INTO messages (id, conversation_id, direction, fate, identity_id, account_id, text, external_id, event_id, said_at, created_at)
			SELECT id, id, 'in', 'in', id, 7, 'Where is my order?', 'm' || id, id, last_at, last_at FROM conversations ORDER BY conversations.id`,
		`INSERT INTO external_ids (account_id, external_id, conversation_id, message_id) SELECT 7, 'm' || n, n, n FROM generate_series(1, ROWS) AS n`,
		`INSERT INTO log_entries (id, conversation_id, at, actor, what, event_id)
			SELECT id, id, last_at, 'customer', 'opened', id FROM conversations ORDER BY conversations.id`,
		`INSERT INTO threads (conversation_id, account_id, channel, root) SELECT n, 8, 'C1', n::text FROM generate_series(1, ROWS) AS n`,
		`INSERT INTO posts (account_id, channel, message, conversation_id, message_id, kind)
			SELECT 8, 'C1', n::text, n, n, 'root' FROM generate_series(1, ROWS) AS n`,
		`INSERT INTO lanes (id, account_id, key, conversation_id, gate_id, head, tail) SELECT n, 8, 'c' || n, n, 1, 1, 1 FROM generate_series(1, ROWS) AS n`,
		`INSERT INTO deliveries (id, lane_id, seq, message_id, kind, state, external_id, created_at)
			SELECT id, id, 1, id, 'root', 'accepted', id::text, last_at FROM conversations ORDER BY conversations.id`,
	}
}

// filledAtTen gives a database of schema 10 with so many rows in each table that grows: see fillAtTen.
func filledAtTen(t *testing.T, rows int64) *pgxpool.Pool {
	t.Helper()
	pool := olderDatabase(t, 10)
	exec(t, pool, `INSERT INTO accounts (id, name, kind, side) VALUES (7, 'mail', 'email', 'channel'), (8, 'slack', 'slack', 'surface')`)
	exec(t, pool, `INSERT INTO gates (id, account_id, key) OVERRIDING SYSTEM VALUE VALUES (1, 8, 'C1')`)
	for _, sql := range fillAtTen() {
		exec(t, pool, strings.ReplaceAll(sql, "ROWS", strconv.FormatInt(rows, 10)))
	}
	exec(t, pool, `ANALYZE`)
	return pool
}
