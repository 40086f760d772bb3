package retention_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store/retention"
	"parley/store/storetest"
)

// Threads in which mails are sorted are open for ever. What was needed to post in such a thread is kept for a while
// after its last mail.

// sortMails makes two threads in which mails are sorted, with a line each: the last mail of thread 1 came 90 days
// ago, that of thread 2 a day ago.
func sortMails(t *testing.T) *pgxpool.Pool {
	t.Helper()
	pool := storetest.DB(t)
	for _, sql := range []string{
		`INSERT INTO gates (id, account_id, key) OVERRIDING SYSTEM VALUE VALUES (1, 1, 'g')`,
		`INSERT INTO conversations (id, account_id, kind, status, day, last_at, created_at)
			SELECT n, 1, 'automatic', 'open', '2026-05-01'::date + n, now() - CASE n WHEN 1 THEN interval '90 days' ELSE interval '1 day' END, now()
			FROM generate_series(1, 2) AS n`,
		`INSERT INTO threads (account_id, conversation_id, channel, root) SELECT 1, n, 'c', 'root' || n FROM generate_series(1, 2) AS n`,
		`INSERT INTO lanes (id, account_id, key, gate_id, conversation_id, head, tail)
			SELECT n, 1, 'k' || n, 1, n, 1, 1 FROM generate_series(1, 2) AS n`,
		`INSERT INTO deliveries (id, lane_id, seq, message_id, kind, state, created_at, external_id)
			SELECT n, n, 1, n + 10, 'line', 'accepted', now(), 'line' || n FROM generate_series(1, 2) AS n`,
		`INSERT INTO posts (account_id, channel, message, conversation_id, message_id, kind)
			SELECT 1, 'c', 'line' || n, n, n + 10, 'line' FROM generate_series(1, 2) AS n`,
	} {
		exec(t, pool, sql)
	}
	return pool
}

// The lane of a thread in which mails are sorted is removed with its lines, a while after the last mail.
func TestLanesOfSortedMailsGo(t *testing.T) {
	t.Parallel()
	pool := sortMails(t)
	announced(t, pool, retention.Due{Lanes: 1})

	allBatches(t, pool, 60*24*time.Hour, retention.TidyConversations)

	if left := row(t, pool, `SELECT array_agg(id) FROM lanes`); left != "({2})" {
		t.Errorf("the lanes %s are left, want ({2})", left)
	}
	if left := row(t, pool, `SELECT array_agg(id) FROM deliveries`); left != "({2})" {
		t.Errorf("the deliveries %s are left, want ({2})", left)
	}
}

// Parley still knows where the removed lines were posted, so that lines about a customer who is erased are found.
func TestPostsOfSortedMailsStay(t *testing.T) {
	t.Parallel()
	pool := sortMails(t)

	allBatches(t, pool, 60*24*time.Hour, retention.TidyConversations)

	if left := row(t, pool, `SELECT array_agg(message ORDER BY message) FROM posts`); left != `("{line1,line2}")` {
		t.Errorf("the posts %s are known, want (\"{line1,line2}\")", left)
	}
}
