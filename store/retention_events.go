package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store/internal/query"
)

// An event is something that arrived, such as a mail, stored with its original bytes (payload) before Parley applies it.
// Its external id, such as a hash of the mail, makes sure that it is accepted once however often its source repeats it.
//
// Retention empties an old event, that is, removes its payload. It removes the whole row once KeepSeen has stored a hash of
// its external id in the table seen, so that a repetition is still recognized. An event that may still have to be
// applied is noted in the table retained, and is emptied after it was applied.
//
// An event can be applied later than its age suggests: it waits in a queue, in which events with the same order key are
// applied one after the other, or in quarantine, where events that can't be applied wait for a person.

// oldEvents returns the next events that are old enough, up to $4 bytes of payload. Ids rise with time, so the first young
// event ends the batch. Payloads are not read here.
const oldEvents = `
	WITH clock AS MATERIALIZED (
		SELECT parley_now() - make_interval(secs => $2) AS before
	), page AS MATERIALIZED (
		SELECT e.id, CASE WHEN e.blob IS NULL THEN e.size_bytes ELSE 0 END AS size_bytes, e.received_at >= clock.before AS young
		FROM clock
		CROSS JOIN LATERAL (SELECT * FROM events WHERE events.id > $1 ORDER BY events.id LIMIT $3) AS e
	), sized AS (
		SELECT id, bool_or(young) OVER (ORDER BY id) AS young, sum(size_bytes) OVER (ORDER BY id) - size_bytes AS before
		FROM page
	)
	SELECT id FROM sized WHERE NOT young AND before < $4 ORDER BY id`

// freedEvents returns retained events that have been applied since.
const freedEvents = `
	SELECT r.event_id
	FROM retained AS r
	WHERE NOT EXISTS (SELECT 1 FROM events AS e WHERE e.id = r.event_id AND ` + query.InQueue + `)
		AND NOT EXISTS (SELECT 1 FROM quarantine AS q WHERE q.event_id = r.event_id)
	ORDER BY r.event_id
	LIMIT $1`

// retainOpen inserts into retained those of the events that may still have to be applied. These are events in quarantine,
// and events that are not older than the oldest event in their queue (open), most of which wait in that queue. The oldest
// event of a queue isn't always its first one, since a replayed event is appended after newer ones.
const retainOpen = `
	WITH given AS MATERIALIZED (
		SELECT events.id, events.order_key FROM unnest($1::bigint[]) AS given(id) JOIN events ON events.id = given.id
	), open AS MATERIALIZED (
		SELECT q.key, least(q.first_event, (
			SELECT min(behind.event_id) FROM queue_events AS behind WHERE q.last_place > q.place AND behind.queue_id = q.id)) AS oldest
		FROM queues AS q
		WHERE q.key = ANY(ARRAY(SELECT DISTINCT order_key FROM given))
	)
	INSERT INTO retained (event_id)
	SELECT given.id FROM given JOIN open ON open.key = given.order_key AND open.oldest <= given.id
	UNION
	SELECT q.event_id FROM unnest($1::bigint[]) AS given(id) JOIN quarantine AS q ON q.event_id = given.id
	ON CONFLICT DO NOTHING`

// closedOf returns those of the events that may be emptied: all that are not retained.
const closedOf = `
	SELECT given.id
	FROM unnest($1::bigint[]) AS given(id)
	WHERE NOT EXISTS (SELECT 1 FROM retained AS r WHERE r.event_id = given.id)`

// emptyEvents removes the payloads of events (changed) or, if $2 is true, the whole events (removed). An event that is the
// original of a message is kept, because the message's files and HTML are read from its payload. That payload moves into
// a blob, a stored file (moved, blob, chunk). It fits into one chunk, because larger payloads are stored as blobs at once.
const emptyEvents = `
	WITH given AS MATERIALIZED (
		SELECT events.id, events.payload, events.blob,
			EXISTS (SELECT 1 FROM messages AS m
				WHERE m.event_id = events.id AND ` + WithOriginal + `
					AND (m.has_html OR m.files <> '[]' OR m.subject <> '')) AS original
		FROM events
		WHERE events.id = ANY($1) AND ($2 OR events.payload IS NOT NULL OR events.blob IS NOT NULL)
	), moved AS MATERIALIZED (
		SELECT id, encode(sha256(payload), 'hex') AS hash, payload
		FROM given
		WHERE original AND payload IS NOT NULL
	), blob AS (
		INSERT INTO blobs (hash, size_bytes)
		SELECT DISTINCT ON (hash) hash, length(payload) FROM moved ORDER BY hash
		ON CONFLICT (hash) DO UPDATE SET created_at = clock_timestamp()
	), chunk AS (
		INSERT INTO blob_chunks (hash, n, data)
		SELECT DISTINCT ON (hash) hash, 0, payload FROM moved WHERE length(payload) > 0 ORDER BY hash
		ON CONFLICT DO NOTHING
	), removed AS (
		DELETE FROM events
		WHERE $2 AND events.id = ANY(ARRAY(SELECT id FROM given WHERE NOT original))
		RETURNING 1
	), changed AS (
		UPDATE events
		SET payload = NULL, blob = CASE WHEN given.original THEN coalesce(given.blob, moved.hash) END
		FROM given
		LEFT JOIN moved ON moved.id = given.id
		WHERE events.id = given.id AND CASE WHEN given.original THEN given.payload IS NOT NULL ELSE NOT $2 END
		RETURNING given.original
	)
	SELECT (SELECT count(*) FROM changed) + (SELECT count(*) FROM removed),
		(SELECT count(*) FROM changed WHERE original),
		(SELECT count(*) FROM removed)`

// eventsUpTo records how far EmptyEvents has come; dropRetained ends the retention of events that were emptied late.
const (
	eventsUpTo   = `UPDATE retention SET events_upto = $1 WHERE id = 1`
	dropRetained = `DELETE FROM retained WHERE event_id = ANY($1)`
)

// EmptyEvents removes the payloads of one batch of events that are older than keep (by Parley's clock). If KeepSeen has
// recorded the external ids of the whole batch and AllowDropping is in effect, it removes the events themselves.
func EmptyEvents(ctx context.Context, pool *pgxpool.Pool, keep time.Duration) (Emptied, error) {
	return runBatch(ctx, pool, "empty events", func(tx pgx.Tx, p progress) (Emptied, error) {
		list, err := query.Column[EventID](ctx, tx, "old events", oldEvents, p.Events, keep.Seconds(), batchRows, batchBytes)
		if err != nil || len(list) == 0 {
			return Emptied{}, err
		}
		if _, err := tx.Exec(ctx, retainOpen, list); err != nil {
			return Emptied{}, err
		}

		done := Emptied{Looked: len(list), More: true}
		closed, err := query.Column[EventID](ctx, tx, "closed events", closedOf, list)
		if err != nil {
			return done, err
		}

		last := list[len(list)-1]
		if err := done.emptyEvents(ctx, tx, closed, p.mayDropUpTo(last)); err != nil {
			return done, err
		}

		_, err = tx.Exec(ctx, eventsUpTo, last)
		return done, err
	})
}

// mayDropUpTo reports whether whole events up to this id may be removed.
func (p progress) mayDropUpTo(event EventID) bool { return p.Seen >= event }

// emptyEvents removes the payloads of events or, with drop, the events themselves, and sets the counts in e.
func (e *Emptied) emptyEvents(ctx context.Context, tx pgx.Tx, events []EventID, drop bool) error {
	return tx.QueryRow(ctx, emptyEvents, events, drop).Scan(&e.Events, &e.Moved, &e.Removed)
}

// EmptyRetained does the same as EmptyEvents for retained events that have been applied since. Their age doesn't matter.
func EmptyRetained(ctx context.Context, pool *pgxpool.Pool, _ time.Duration) (Emptied, error) {
	return runBatch(ctx, pool, "empty retained events", func(tx pgx.Tx, p progress) (Emptied, error) {
		list, err := query.Column[EventID](ctx, tx, "freed events", freedEvents, batchRows)
		if err != nil || len(list) == 0 {
			return Emptied{}, err
		}
		done := Emptied{Looked: len(list), More: len(list) == batchRows}
		last := list[len(list)-1]
		if err := done.emptyEvents(ctx, tx, list, p.mayDropUpTo(last)); err != nil {
			return done, err
		}
		_, err = tx.Exec(ctx, dropRetained, list)
		return done, err
	})
}

// seenOfEvents stores the hashes of external ids in seen; store.InsertEvents computes the same hashes. It omits events
// that Parley itself produced (account $4), because their external ids are never repeated. Ids rise with time, so the
// first young event ends the batch (old).
const seenOfEvents = `
	WITH clock AS MATERIALIZED (
		SELECT parley_now() - make_interval(secs => $2) AS before
	), page AS MATERIALIZED (
		SELECT e.id, e.account_id, e.external_id, e.received_at >= clock.before AS young
		FROM clock
		CROSS JOIN LATERAL (SELECT * FROM events WHERE events.id > $1 ORDER BY events.id LIMIT $3) AS e
	), old AS MATERIALIZED (
		SELECT * FROM (SELECT page.*, bool_or(young) OVER (ORDER BY id) AS ended FROM page) AS marked WHERE NOT ended
	), kept AS (
		INSERT INTO seen (account_id, fact)
		SELECT account_id, encode(substring(sha256(convert_to(external_id, 'UTF8')) FROM 1 FOR 16), 'hex')::uuid
		FROM old
		WHERE account_id <> $4
		ORDER BY 1, 2
		ON CONFLICT DO NOTHING
	)
	SELECT coalesce(max(id), 0), count(*) FROM old`

const seenUpTo = `UPDATE retention SET seen_upto = $1 WHERE id = 1`

// KeepSeen records the external ids of one batch of events that are older than keep (by Parley's clock) in the table seen.
func KeepSeen(ctx context.Context, pool *pgxpool.Pool, keep time.Duration) (Emptied, error) {
	return runBatch(ctx, pool, "keep seen", func(tx pgx.Tx, p progress) (done Emptied, err error) {
		var last int64
		err = tx.QueryRow(ctx, seenOfEvents, p.Seen, keep.Seconds(), batchRows, SystemAccount).Scan(&last, &done.Looked)
		if err != nil || done.Looked == 0 {
			return done, err
		}

		if p.Seen == 0 { // after the first rows: replaces plans that were made for an empty table
			if _, err := tx.Exec(ctx, `ANALYZE seen`); err != nil {
				return done, err
			}
		}

		done.More = done.Looked == batchRows
		_, err = tx.Exec(ctx, seenUpTo, last)
		return done, err
	})
}

// dropEmptied removes events between $1 and $2 that have neither payload nor blob.
const dropEmptied = `
	WITH page AS MATERIALIZED (
		SELECT id, payload IS NULL AND blob IS NULL AS emptied
		FROM events
		WHERE id > $1 AND id <= $2
		ORDER BY id
		LIMIT $3
	), gone AS (
		DELETE FROM events WHERE id = ANY(ARRAY(SELECT id FROM page WHERE emptied)) RETURNING 1
	)
	SELECT coalesce((SELECT max(id) FROM page), 0), (SELECT count(*) FROM page), (SELECT count(*) FROM gone)`

const droppedUpTo = `UPDATE retention SET dropped_upto = $1 WHERE id = 1`

// DropEmptied removes one batch of events that were emptied before their ids were recorded.
func DropEmptied(ctx context.Context, pool *pgxpool.Pool, _ time.Duration) (Emptied, error) {
	return runBatch(ctx, pool, "drop emptied events", func(tx pgx.Tx, p progress) (done Emptied, err error) {
		var last int64
		page := tx.QueryRow(ctx, dropEmptied, p.Dropped, min(p.Seen, p.Events), batchRows)
		err = page.Scan(&last, &done.Looked, &done.Removed)
		if err != nil || done.Looked == 0 {
			return done, err
		}

		done.Events = done.Removed
		done.More = done.Looked == batchRows
		_, err = tx.Exec(ctx, droppedUpTo, last)
		return done, err
	})
}
