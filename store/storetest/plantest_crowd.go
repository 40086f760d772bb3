package storetest

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// A crowd is a list of SQL statements that fill a database with very many rows. Tests check query plans in such a database,
// because PostgreSQL chooses other plans for full tables than for small ones.
//
// A lane is a queue of deliveries (messages to be sent) that are sent one after the other. A gate groups lanes that share
// a rate limit. A queue holds events, such as incoming mails, that are to be applied in order.

// Many returns how many rows of each kind a crowd has: a million for `make soak`, and a tenth of that for `make test`,
// which is still far more than any statement may read.
func Many() int {
	if LongForm() {
		return 1_000_000
	}
	return 100_000
}

// fillCrowd replaces the placeholder MANY in the statements, and returns them.
func fillCrowd(crowd []string) []string {
	for i, sql := range crowd {
		crowd[i] = strings.ReplaceAll(sql, "MANY", strconv.Itoa(Many()))
	}
	return crowd
}

// Lanes returns a crowd of lanes, with two extremes: a fifth of the lanes belong to one gate that is stuck, and one lane has
// a backlog of Many()/5 deliveries.
func Lanes() []string {
	return fillCrowd([]string{
		`INSERT INTO gates (id, account_id, key) OVERRIDING SYSTEM VALUE SELECT n, 1, 'g' || n FROM generate_series(1, 50) AS n`,
		`UPDATE gates SET next_at = clock_timestamp() + interval '1 h' WHERE id = 50`, // stuck
		`INSERT INTO lanes (id, account_id, key, conversation_id, gate_id, priority, tail, due_at)
			SELECT n, 1, 'c' || n, n, CASE WHEN n % 5 = 0 THEN 50 ELSE 1 + n % 49 END, n % 4, 1,
				CASE WHEN n % 3 = 0 THEN NULL WHEN n % 3 = 1 OR n % 5 = 0 THEN parley_now() ELSE parley_now() + interval '1 day' END
			FROM generate_series(1, MANY) AS n`,
		`INSERT INTO deliveries (id, lane_id, seq, message_id, kind, created_at)
			SELECT n, n, 1, n, 'reply', now()
			FROM generate_series(1, MANY) AS n`,
		`INSERT INTO deliveries (id, lane_id, seq, kind, created_at)
			SELECT 2000000 + n, 1, n + 1, 'reply', now()
			FROM generate_series(1, MANY / 5) AS n`,
	})
}

// Queues returns a crowd of queues with events. One queue in ten isn't due yet, and one queue holds a fifth of all events.
func Queues() []string {
	return fillCrowd([]string{
		`INSERT INTO events (account_id, external_id, order_key, payload, size_bytes)
			SELECT 1, 'e' || n, '1/k' || n % 1000, 'x', 1
			FROM generate_series(1, MANY) AS n`,
		`INSERT INTO accounts (id, name, kind, side) SELECT n, 'a' || n, 'x', 'channel' FROM generate_series(100, 200) AS n`,
		`INSERT INTO queues (key, account_id, version, first_event, place, last_place, due_at, tries)
			SELECT '1/k' || id, 100 + id % 100, 1, id, id, id + CASE WHEN id = 1 THEN MANY / 5 WHEN id % 70 = 0 THEN 3 ELSE 0 END,
				now() + CASE WHEN id % 10 = 0 THEN interval '1 h' ELSE id * interval '-1 ms' END, CASE WHEN id % (MANY / 10) = 5 THEN 1 ELSE 0
			END FROM events`,
		`INSERT INTO queue_events (queue_id, place, event_id)
			SELECT id, place + n, first_event
			FROM queues, generate_series(1, 3) AS n WHERE first_event % 70 = 0`,
		`INSERT INTO queue_events (queue_id, place, event_id)
			SELECT id, 1 + n, 1 + n
			FROM queues, generate_series(1, MANY / 5) AS n WHERE first_event = 1`,
	})
}

// Nouns returns a crowd of conversations with their messages, timers, threads and so on.
func Nouns() []string {
	return fillCrowd([]string{
		`INSERT INTO timers (conversation_id, kind, due_at)
			SELECT n, 'snooze', now() + n * interval '1 s'
			FROM generate_series(-100, MANY) AS n`,
		`INSERT INTO identities (id, account_id, key, contact_id, same_as)
			SELECT n, 1, 'k' || n, 1, CASE WHEN n % 10 = 2 THEN n - 1 END
			FROM generate_series(1, MANY) AS n`,
		`INSERT INTO identities (id, account_id, key, contact_id, blocked)
			SELECT 2000000 + n, 1, 'b' || n, 1, true
			FROM generate_series(1, 50) AS n`,
		`INSERT INTO fetches (id, account_id, conversation_id, message_id, n, ref, state, due_at, created_at)
			SELECT n, n % 3, n, n, 0, 'r', CASE WHEN n % 100 = 0 THEN 'waiting' ELSE 'fetched' END,
			CASE WHEN n % 100 = 0 THEN parley_now() END, now() FROM generate_series(1, MANY) AS n`,
		`INSERT INTO reactions (account_id, target, identity_id) SELECT 1, 'x' || n, n FROM generate_series(1, MANY / 5) AS n`,
		`INSERT INTO conversations (id, account_id, identity_id, status, last_at, created_at)
			SELECT n, 1, n, 'open', now(), now()
			FROM generate_series(1, MANY) AS n`,
		`INSERT INTO conversations (id, account_id, identity_id, team_id, status, last_at, created_at, window_from, waiting_since)
			SELECT 2000000 + n, 2, n, 1, 'open', now(), now(),
			'2026-01-01 00:00Z'::timestamptz + n * interval '1 min', now() FROM generate_series(1, 10000) AS n`,
		`INSERT INTO conversation_words (conversation_id, words)
			SELECT n, array_to_tsvector(ARRAY['order', CASE WHEN n % (MANY / 10) = 7 THEN 'rare' ELSE 'usual' END])
			FROM generate_series(1, MANY) AS n`,
		`INSERT INTO message_words (message_id, conversation_id, words)
			SELECT n, n, array_to_tsvector(ARRAY['hello', CASE WHEN n % (MANY / 10) = 9 THEN 'rare' ELSE 'usual' END])
			FROM generate_series(1, MANY) AS n`,
		`INSERT INTO threads (conversation_id, account_id, channel, root)
			SELECT n, 1, 'C' || n % 10, 'r' || n
			FROM generate_series(1, MANY) AS n`,
		`INSERT INTO messages (id, conversation_id, direction, fate, said_at, created_at, event_id)
			SELECT n, 1 + n % 1000, 'in', 'in', now(), now(), n
			FROM generate_series(1, MANY) AS n`,
		`INSERT INTO messages (id, conversation_id, direction, fate, reason, said_at, created_at)
			SELECT 2000000 + n, 500000 + n, 'note', 'parked', 'window', now(), now()
			FROM generate_series(1, 1000) AS n`,
		`INSERT INTO log_entries (id, conversation_id, at, actor, what)
			SELECT n, 1 + n % (MANY / 100), now(), 'agent', 'replied'
			FROM generate_series(1, MANY / 5) AS n`,
		`INSERT INTO posts (account_id, channel, message, kind)
			SELECT 1, 'C' || n % 10, 'm' || n, 'said'
			FROM generate_series(1, MANY) AS n`,
		`INSERT INTO openings (account_id, origin, free_at) SELECT 1, 'k' || n, now() FROM generate_series(1, MANY / 5) AS n`,
		`INSERT INTO external_ids (account_id, external_id, conversation_id, message_id)
			SELECT 1, 'x' || n, 1, n
			FROM generate_series(1, MANY) AS n`,
	})
}

// fill runs the statements of a crowd in one transaction.
func fill(t *testing.T, pool *pgxpool.Pool, crowd []string) {
	t.Helper()
	ctx := t.Context()
	err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		makeIndexes, err := dropIndexes(ctx, tx)
		if err != nil {
			return err
		}

		// Foreign keys and triggers are off, because a crowd doesn't contain all rows that others refer to.
		setup := []string{`SET LOCAL session_replication_role = replica`}
		// A row that was changed before an index is made keeps other transactions from using the index, until the oldest of
		// all that run on the server, in any database, began after it.
		changes := slices.DeleteFunc(slices.Clone(crowd), func(sql string) bool { return !isChange(sql) })
		rows := slices.DeleteFunc(slices.Clone(crowd), isChange)
		for _, sql := range slices.Concat(setup, rows, makeIndexes, changes) {
			if _, err := tx.Exec(ctx, sql); err != nil {
				return err
			}
		}

		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func isChange(sql string) bool { return strings.HasPrefix(sql, "UPDATE ") }

// dropIndexes drops indexes, because it is faster to create them afterwards than to update them for a million rows. It returns
// the statements that create them again. It keeps the indexes on queues, because Run has already prepared plans that use them.
func dropIndexes(ctx context.Context, tx pgx.Tx) (makeIndexes []string, err error) {
	rows, err := tx.Query(ctx, `
		SELECT i.indexname, i.indexdef FROM pg_indexes AS i
		WHERE i.schemaname = 'public' AND i.tablename = ANY($1)
			AND NOT EXISTS (SELECT FROM pg_constraint AS c WHERE c.conindid = ('public.' || quote_ident(i.indexname))::regclass)`,
		[]string{"lanes", "deliveries", "timers", "identities", "fetches", "conversations", "conversation_words", "message_words", "threads",
			"messages",
			"posts", "external_ids"})
	if err != nil {
		return nil, err
	}

	type index struct{ Name, Definition string }
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[index])
	if err != nil {
		return nil, err
	}
	for _, i := range list {
		if _, err := tx.Exec(ctx, `DROP INDEX `+pgx.Identifier{i.Name}.Sanitize()); err != nil {
			return nil, err
		}
		makeIndexes = append(makeIndexes, i.Definition)
	}

	return makeIndexes, nil
}
